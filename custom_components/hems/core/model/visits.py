"""An EV's sessions laid onto a horizon."""

from dataclasses import dataclass

from .ev import EvCharger, EvChargerState, EvSession
from .horizon import Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMode:
    """Charging on so many phases: between these powers, or off."""

    phases: int
    min_kw: float
    max_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A session in the steps from `first` to before `end`."""

    session: EvSession
    first: int
    end: int
    shares: tuple[float, ...]
    """Part of each of these steps in which the car is there."""
    modes: tuple[ChargeMode, ...]
    """Empty where car and charger have no power in common."""
    stays: bool
    """Whether it departs after the horizon."""
    needed_kwh: float
    """Wanted in the car at edge `end`: the target, less what there is still time for after the horizon."""

    @property
    def max_kw(self) -> float:
        """Most power in any mode."""
        return max((mode.max_kw for mode in self.modes), default=0.0)

    def reachable_kwh(self, charger: EvCharger, horizon: Horizon) -> float:
        """Energy at edge `end` if it charges as hard as it can."""
        hours = sum(share * horizon.steps_h[self.first + i] for i, share in enumerate(self.shares))
        return min(self.session.capacity_kwh, self.session.energy_kwh + charger.efficiency * self.max_kw * hours)


def visits_of(charger: EvCharger, state: EvChargerState, horizon: Horizon) -> tuple[Visit, ...]:
    """The sessions that touch the horizon, in time order; a step belongs to the first session in it."""
    visits: list[Visit] = []
    free_from = 0
    for session in state.sessions:
        shares = horizon.overlap(session.arrival, session.departure)
        steps = [index for index, share in enumerate(shares) if share > 0.0 and index >= free_from]
        if steps:
            visits.append(_visit(charger, session, steps, shares, horizon))
            free_from = steps[-1] + 1
    return tuple(visits)


def _visit(
    charger: EvCharger, session: EvSession, steps: list[int], shares: tuple[float, ...], horizon: Horizon
) -> Visit:
    modes = _modes(charger, session)
    after_h = max(0.0, (session.departure - horizon.end).total_seconds() / 3600.0)
    after_kwh = charger.efficiency * max((mode.max_kw for mode in modes), default=0.0) * after_h
    return Visit(
        session=session,
        first=steps[0],
        end=steps[-1] + 1,
        shares=shares[steps[0] : steps[-1] + 1],
        modes=modes,
        stays=after_h > 0.0,
        needed_kwh=session.target_kwh - after_kwh,
    )


def _modes(charger: EvCharger, session: EvSession) -> tuple[ChargeMode, ...]:
    car_kw = float("inf") if session.max_charge_kw is None else session.max_charge_kw
    modes = (
        ChargeMode(phases=phases, min_kw=charger.min_kw(phases), max_kw=min(charger.max_kw(phases), car_kw))
        for phases in sorted(set(charger.phases))
    )
    return tuple(mode for mode in modes if mode.max_kw >= mode.min_kw)
