"""One thermal zone over one step, alone or with a slower mass, solved exactly for constant heat."""

from dataclasses import dataclass
from itertools import pairwise
from math import exp, expm1, sqrt
from typing import NamedTuple

from .legionella import Disinfection
from .reserve import Reserve


class Temperatures(NamedTuple):
    """Of a zone at an instant."""

    zone_c: float
    mass_c: float
    """Of its mass; meaningless where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalRow:
    """T[t+1] = from_zone * T[t] + from_mass * M[t] + (1 - from_zone - from_mass) * around + gain * heat."""

    from_zone: float
    from_mass: float
    gain_k_per_kw: float
    """Rise for each kW of heat throughout the step."""

    @property
    def from_around(self) -> float:
        """What is left comes from outside: with everything equally warm and no heat, nothing changes."""
        return 1.0 - self.from_zone - self.from_mass

    def after(self, now: Temperatures, around_c: float, heat_kw: float) -> float:
        """Temperature at the end of the step."""
        kept = self.from_zone * now.zone_c + self.from_mass * now.mass_c
        return kept + self.from_around * around_c + self.gain_k_per_kw * heat_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalStep:
    """What a step makes of the zone, and of its mass where it has one."""

    zone: ThermalRow
    mass: ThermalRow | None = None

    @classmethod
    def of(cls, heat_loss_kw_per_k: float, heat_capacity_kwh_per_k: float, step_h: float) -> ThermalStep:
        """The step of a zone without mass, C dT/dt = heat - loss (T - around)."""
        time_constants = heat_loss_kw_per_k * step_h / heat_capacity_kwh_per_k
        # Below this, 1 - exp(-x) has lost its digits; the zone loses nothing that matters.
        if time_constants < 1e-9:
            return cls(zone=ThermalRow(from_zone=1.0, from_mass=0.0, gain_k_per_kw=step_h / heat_capacity_kwh_per_k))
        keep = exp(-time_constants)
        return cls(zone=ThermalRow(from_zone=keep, from_mass=0.0, gain_k_per_kw=(1.0 - keep) / heat_loss_kw_per_k))

    @classmethod
    def with_mass(cls, rates: MassRates, step_h: float) -> ThermalStep:
        """The step of x' = A x + b heat, x = (T, M) - around: exp(A h) and the integral of exp(A s) b.

        By Sylvester's formula f(A) = (f(l1) (A - l2) - f(l2) (A - l1)) / (l1 - l2); the eigenvalues l1 > l2 of such
        a building are real, negative and distinct.
        """
        loss, coupling, back = rates.loss_per_h, rates.coupling_per_h, rates.back_per_h
        slow, fast = rates.eigenvalues
        a = ((-loss - coupling, coupling), (back, -back))

        def of_matrix(at_slow: float, at_fast: float) -> tuple[tuple[float, float], tuple[float, float]]:
            def entry(row: int, column: int) -> float:
                same = 1.0 if row == column else 0.0
                of_slow, of_fast = a[row][column] - fast * same, a[row][column] - slow * same
                return (at_slow * of_slow - at_fast * of_fast) / (slow - fast)

            return (entry(0, 0), entry(0, 1)), (entry(1, 0), entry(1, 1))

        kept = of_matrix(exp(slow * step_h), exp(fast * step_h))
        gained = of_matrix(expm1(slow * step_h) / slow, expm1(fast * step_h) / fast)
        zone, mass = (
            ThermalRow(
                from_zone=kept[row][0], from_mass=kept[row][1], gain_k_per_kw=gained[row][0] * rates.heating_k_per_kwh
            )
            for row in (0, 1)
        )
        return cls(zone=zone, mass=mass)

    def after(self, now: Temperatures, around_c: float, heat_kw: float) -> Temperatures:
        """Temperatures at the end of the step."""
        zone_c = self.zone.after(now, around_c, heat_kw)
        return Temperatures(zone_c, zone_c if self.mass is None else self.mass.after(now, around_c, heat_kw))

    def heat_for(self, now: Temperatures, around_c: float, wanted_c: float) -> float:
        """Heat throughout the step that ends it at `wanted_c`; negative where none is needed."""
        return (wanted_c - self.zone.after(now, around_c, 0.0)) / self.zone.gain_k_per_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class MassRates:
    """The building with mass as rates: T' = -loss T - coupling (T - M) + heating q, M' = back (T - M)."""

    loss_per_h: float
    coupling_per_h: float
    back_per_h: float
    heating_k_per_kwh: float

    @property
    def eigenvalues(self) -> tuple[float, float]:
        """The slow and the fast one."""
        trace = -(self.loss_per_h + self.coupling_per_h + self.back_per_h)
        det = self.loss_per_h * self.back_per_h
        fast = (trace - sqrt(trace * trace - 4.0 * det)) / 2.0
        # From the product, because the difference would have lost its digits in a well insulated house.
        return det / fast, fast


class KeptWarmth(NamedTuple):
    """Up to a temperature, from that of the one before, warmth at the horizon's end counts with this share."""

    up_to_c: float
    share: float


def fading_warmth(min_c: float, max_c: float, heat_loss_kw_per_k: float, needed_kw: float) -> tuple[KeptWarmth, ...]:
    """Warmth above `min_c` replaces later heating, but leaks more the more there is of it.

    A building that needs `needed_kw` at `min_c` and is left warmer by d cools back in C / L ln(1 + L d / needed)
    hours, in which it is not heated; so the next kelvin replaces 1 / (1 + L d / needed) of the heat it holds. In
    steps of a kelvin, each with the share of its middle.
    """
    kept = [KeptWarmth(min_c, 1.0)]
    while kept[-1].up_to_c < max_c:
        low_c = kept[-1].up_to_c
        high_c = min(low_c + 1.0, max_c)
        over_k = (low_c + high_c) / 2.0 - min_c
        kept.append(KeptWarmth(high_c, 1.0 / (1.0 + heat_loss_kw_per_k * over_k / needed_kw)))
    return tuple(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone over the whole horizon: what heats it without being asked, and what its heat will be worth."""

    steps: tuple[ThermalStep, ...]
    start: Temperatures
    around_c: tuple[float, ...]
    """Outside for a building, the cellar for a tank; per step."""
    other_kw: tuple[float, ...]
    """Gains (or, negative, draws) per step."""
    cop: tuple[float, ...]
    min_c: tuple[float, ...]
    """Per edge, as `max_c`."""
    max_c: tuple[float, ...]
    price_per_kh: float
    kept: tuple[KeptWarmth, ...]
    """Which warmth counts at the horizon's end: temperatures rise, shares fall."""
    worth_per_k: float
    """Currency for each kelvin at the horizon's end that counts whole."""
    mass_worth_per_k: float = 0.0
    """The same for the mass."""
    disinfection: Disinfection | None = None
    """Of a tank, where one is due."""
    reserves: tuple[Reserve, ...] = ()
    """Of a tank, where its forecast knows large draws."""

    @property
    def has_mass(self) -> bool:
        """Whether there is a second, slower temperature."""
        return self.steps[0].mass is not None

    def states(self, electric_kw: tuple[float, ...]) -> tuple[Temperatures, ...]:
        """At the edges of the steps for that electric power."""
        states = [self.start]
        for step, around_c, other_kw, cop, power_kw in zip(
            self.steps, self.around_c, self.other_kw, self.cop, electric_kw, strict=True
        ):
            states.append(step.after(states[-1], around_c, other_kw + cop * power_kw))
        return tuple(states)

    def run(self, electric_kw: tuple[float, ...]) -> tuple[float, ...]:
        """Temperatures of the zone at the edges of the steps for that electric power."""
        return tuple(state.zone_c for state in self.states(electric_kw))

    @property
    def unheated_c(self) -> tuple[float, ...]:
        """Per edge: what it reaches without its heater."""
        return self.run((0.0,) * len(self.steps))

    @property
    def highest_fine_c(self) -> tuple[float, ...]:
        """Per edge: the band's upper end, or what the zone reaches unheated if that is higher.

        Nothing here can cool, so warmth that nobody heated breaks no limit.
        """
        return tuple(max(most_c, unheated_c) for most_c, unheated_c in zip(self.max_c, self.unheated_c, strict=True))

    def end_worth(self, end: Temperatures) -> float:
        """Currency that the warmth at the end is worth beyond the warmth now."""
        gained_k = self.counted_c(end.zone_c) - self.counted_c(self.start.zone_c)
        stored_k = self.counted_c(end.mass_c) - self.counted_c(self.start.mass_c)
        return self.worth_per_k * gained_k + self.mass_worth_per_k * stored_k

    def counted_c(self, temperature_c: float) -> float:
        """A temperature with each of its kelvins counted by its share."""
        lowest = self.kept[0]
        counted = lowest.share * min(temperature_c, lowest.up_to_c)
        return counted + sum(
            above.share * min(max(temperature_c - below.up_to_c, 0.0), above.up_to_c - below.up_to_c)
            for below, above in pairwise(self.kept)
        )
