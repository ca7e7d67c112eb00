"""An EV's sessions laid onto a horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from .due import Due
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
    dues: tuple[Due, ...]
    """When which energy is wanted; steps count from `first`."""
    overdue: bool
    """Whether the target was due before the first step."""
    max_discharge_kw: float
    """What charger and car can feed together."""
    fastest_kwh: tuple[float, ...]
    """Energy at each edge from `first` to `end` if it charges as hard as it can."""

    @property
    def max_kw(self) -> float:
        """Most power in any mode."""
        return max((mode.max_kw for mode in self.modes), default=0.0)

    @property
    def at_once_kwh(self) -> tuple[float, ...]:
        """What full power would have brought of the car's minimum by the end of each step; empty without a minimum."""
        if self.session.at_once_kwh <= self.session.energy_kwh:
            return ()
        return tuple(min(self.session.at_once_kwh, kwh) for kwh in self.fastest_kwh[1:])

    def energy_kwh(self, charger: EvCharger, power_kw: Sequence[float], horizon: Horizon) -> tuple[float, ...]:
        """In the car at each edge from `first` to `end`, for powers over the whole horizon."""
        stored = (charger.stored_kw(power_kw[index]) * horizon.steps_h[index] for index in range(self.first, self.end))
        return tuple(accumulate(stored, initial=self.session.energy_kwh))


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
    max_kw = max((mode.max_kw for mode in modes), default=0.0)
    first, end = steps[0], steps[-1] + 1
    most_kwh = (charger.efficiency * max_kw * shares[index] * horizon.steps_h[index] for index in range(first, end))
    fastest = accumulate(most_kwh, lambda kwh, more: min(session.capacity_kwh, kwh + more), initial=session.energy_kwh)
    car_kw = float("inf") if session.max_discharge_kw is None else session.max_discharge_kw
    return Visit(
        session=session,
        first=first,
        end=end,
        shares=shares[first:end],
        modes=modes,
        stays=session.departure > horizon.end,
        dues=_dues(charger, session, first, end, max_kw, horizon),
        overdue=_is_overdue(session, first, horizon),
        max_discharge_kw=min(charger.max_discharge_kw, car_kw),
        fastest_kwh=tuple(fastest),
    )


def _dues(
    charger: EvCharger, session: EvSession, first: int, end: int, max_kw: float, horizon: Horizon
) -> tuple[Due, ...]:
    """The target when it is due, and what stays overdue hour by hour, up to the price of being late."""
    last, price, due = end - first - 1, charger.late_price_per_kwh, _due(session)
    if due >= horizon.edges[end] or due == session.departure:
        after_h = max(0.0, (due - horizon.end).total_seconds() / 3600.0)
        needed_kwh = session.target_kwh - charger.efficiency * max_kw * after_h
        return (Due(step=last, part=1.0, needed_kwh=needed_kwh, price_per_kwh=price),)
    dues: list[Due] = []
    overdue_from = first
    if not _is_overdue(session, first, horizon):
        step = next(index for index in range(first, end) if due <= horizon.edges[index + 1])
        here_from = max(session.arrival, horizon.edges[step])
        part = (due - here_from) / (min(session.departure, horizon.edges[step + 1]) - here_from)
        dues.append(Due(step=step - first, part=part, needed_kwh=session.target_kwh, price_per_kwh=price))
        overdue_from = step + 1
    for index in range(overdue_from, end):
        step_price = min(price, charger.overdue_price_per_kwh_h * horizon.steps_h[index])
        price -= step_price
        if index == end - 1:
            step_price += price
        dues.append(Due(step=index - first, part=1.0, needed_kwh=session.target_kwh, price_per_kwh=step_price))
    return tuple(dues)


def _due(session: EvSession) -> datetime:
    return session.departure if session.ready_by is None else min(session.ready_by, session.departure)


def _is_overdue(session: EvSession, first: int, horizon: Horizon) -> bool:
    return _due(session) <= max(session.arrival, horizon.edges[first])


def _modes(charger: EvCharger, session: EvSession) -> tuple[ChargeMode, ...]:
    car_kw = float("inf") if session.max_charge_kw is None else session.max_charge_kw
    modes = (
        ChargeMode(phases=phases, min_kw=charger.min_kw(phases), max_kw=min(charger.max_kw(phases), car_kw))
        for phases in sorted(set(charger.phases))
    )
    return tuple(mode for mode in modes if mode.max_kw >= mode.min_kw)
