"""One thermal zone over one step, solved exactly for constant heat."""

from dataclasses import dataclass
from math import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalStep:
    """T[t+1] = keep * T[t] + (1 - keep) * around + gain * heat; exact for C dT/dt = heat - loss (T - around)."""

    keep: float
    """Part of the temperature difference to the surroundings that is left after the step."""
    gain_k_per_kw: float
    """Rise for each kW of heat throughout the step."""

    @classmethod
    def of(cls, heat_loss_kw_per_k: float, heat_capacity_kwh_per_k: float, step_h: float) -> ThermalStep:
        """The step of a zone with that loss and capacity."""
        time_constants = heat_loss_kw_per_k * step_h / heat_capacity_kwh_per_k
        # Below this, 1 - exp(-x) has lost its digits; the zone loses nothing that matters.
        if time_constants < 1e-9:
            return cls(keep=1.0, gain_k_per_kw=step_h / heat_capacity_kwh_per_k)
        keep = exp(-time_constants)
        return cls(keep=keep, gain_k_per_kw=(1.0 - keep) / heat_loss_kw_per_k)

    def after(self, temperature_c: float, around_c: float, heat_kw: float) -> float:
        """Temperature at the end of the step."""
        return self.keep * temperature_c + (1.0 - self.keep) * around_c + self.gain_k_per_kw * heat_kw

    def heat_for(self, temperature_c: float, around_c: float, wanted_c: float) -> float:
        """Heat throughout the step that ends it at `wanted_c`; negative where none is needed."""
        return (wanted_c - self.keep * temperature_c - (1.0 - self.keep) * around_c) / self.gain_k_per_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone over the whole horizon: what heats it without being asked, and what its heat will be worth."""

    steps: tuple[ThermalStep, ...]
    start_c: float
    around_c: tuple[float, ...]
    """Outside for a building, the cellar for a tank; per step."""
    other_kw: tuple[float, ...]
    """Gains (or, negative, draws) per step."""
    cop: tuple[float, ...]
    min_c: float
    max_c: float
    price_per_kh: float
    worth_per_k: float
    """Currency for each kelvin at the horizon's end, up to `max_c`."""

    def run(self, electric_kw: tuple[float, ...]) -> tuple[float, ...]:
        """Temperatures at the edges of the steps for that electric power."""
        temperatures = [self.start_c]
        for step, around_c, other_kw, cop, power_kw in zip(
            self.steps, self.around_c, self.other_kw, self.cop, electric_kw, strict=True
        ):
            temperatures.append(step.after(temperatures[-1], around_c, other_kw + cop * power_kw))
        return tuple(temperatures)

    @property
    def highest_fine_c(self) -> tuple[float, ...]:
        """Per edge: the band's upper end, or what the zone reaches unheated if that is higher.

        Nothing here can cool, so warmth that nobody heated breaks no limit.
        """
        unheated = self.run((0.0,) * len(self.steps))
        return tuple(max(self.max_c, temperature) for temperature in unheated)
