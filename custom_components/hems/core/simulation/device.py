"""What the simulated devices share: what a step tells them, what they show, and how they are remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

type State = dict[str, float | bool | None]
"""A device's memory between steps, JSON-able."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step of the world as a device sees it."""

    start_s: float
    end_s: float
    dt_h: float
    outdoor_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one device shows after a step; None where its kind has no such thing or it is unknown."""

    power_kw: float
    """Mean over the step; positive draws from the bus."""
    energy_kwh: float | None = None
    """In the battery or the plugged-in car."""
    soc: float | None = None
    """0 to 1."""
    temperature_c: float | None = None
    """Of the building or the tank."""
    connected: bool | None = None
    """Whether a car is plugged in."""
    running: bool | None = None
    """Whether a programme runs, or a load is on."""
    available_kw: float | None = None
    """PV: what the sun offered, whether it was used or not."""
    missed: float = 0.0
    """Since the world began: kWh missing in departing cars, or runs that found no place."""


class Device(Protocol):
    """A simulated device. A command of None leaves it to its own automatic behaviour."""

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """Live through one step."""

    def state(self) -> State:
        """Everything it must remember."""

    def restore(self, state: Mapping[str, object]) -> None:
        """Remember a `state`; ValueError if it is not one."""


def number(state: Mapping[str, object], field: str) -> float:
    """A finite number of a remembered state."""
    value = state.get(field)
    if isinstance(value, bool) or not (isinstance(value, int | float) and isfinite(value)):
        raise ValueError(f"simulation: {field} must be a finite number, got {value!r}")
    return float(value)


def flag(state: Mapping[str, object], field: str) -> bool:
    """A truth value of a remembered state."""
    value = state.get(field)
    if value is not True and value is not False:
        raise ValueError(f"simulation: {field} must be true or false, got {value!r}")
    return value


def optional_number(state: Mapping[str, object], field: str) -> float | None:
    """A finite number, or None."""
    return None if state.get(field) is None else number(state, field)


def stepless(command_kw: float, least_kw: float, most_kw: float) -> float:
    """What a device that is off or between two powers makes of a command: too little means off.

    Half a per cent of slack keeps a command that was rounded on its way from switching it off.
    """
    return 0.0 if command_kw < least_kw * 0.995 or command_kw <= 0.0 else min(max(command_kw, least_kw), most_kw)
