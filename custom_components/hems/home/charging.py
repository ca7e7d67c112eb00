"""Charging points and the cars that charge there."""

from dataclasses import dataclass
from datetime import time

from ..const import CONF_CONTROL_ENTITY, CONF_PHASE_ENTITY
from ..core.model import Asset, EvCharger
from .reader import Reader
from .shared import phase_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """The car that usually charges here, and what the household wants until it says otherwise."""

    capacity_kwh: float
    target_soc: float = 0.8
    departure: time = time(7, 30)
    """Local."""
    at_once_soc: float = 0.0
    """Below it the car is charged with full power, whatever that costs."""
    min_soc: float = 0.3
    """Below it the car gives nothing back to the house."""
    max_charge_kw: float | None = None
    """What the car takes at most; None: as much as the charger gives."""


def parse_car(fields: Reader) -> Car:
    """The car of an EV charger."""
    car = Car(
        **fields.given(fields.number, "target_soc", "at_once_soc", "min_soc", "max_charge_kw"),
        **fields.given(fields.clock, "departure"),
        capacity_kwh=fields.number("capacity_kwh"),
    )
    if car.capacity_kwh <= 0.0:
        raise fields.wrong("capacity_kwh", f"must be greater than 0, got {car.capacity_kwh:g}")
    for field in ("target_soc", "at_once_soc", "min_soc"):
        if not 0.0 <= getattr(car, field) <= 1.0:
            raise fields.wrong(field, f"must be between 0 and 1, got {getattr(car, field):g}")
    if car.max_charge_kw is not None and car.max_charge_kw <= 0.0:
        raise fields.wrong("max_charge_kw", f"must be greater than 0, got {car.max_charge_kw:g}")
    return car


def ev_charger(name: str, fields: Reader) -> Asset:
    """A charging point."""
    optional = (
        "min_current_a",
        "max_current_a",
        "voltage_v",
        "efficiency",
        "late_price_per_kwh",
        "max_discharge_kw",
    )
    numbers = fields.given(fields.number, *optional)
    if not fields.has("phases"):
        return EvCharger(name=name, **numbers, **phase_of(fields))
    phases = _phases(fields)
    if phases and lacks_phase_entity(fields):
        # A current is three times the power on three phases, so it is worked out for as many as there may be.
        phases = (max(phases),)
    return EvCharger(name=name, phases=phases, **numbers, **phase_of(fields))


def lacks_phase_entity(fields: Reader) -> bool:
    """Whether a charger that HEMS commands may use different phase counts without being told which."""
    commanded = fields.has(CONF_CONTROL_ENTITY) and not fields.has(CONF_PHASE_ENTITY)
    return commanded and fields.has("phases") and len(set(_phases(fields))) > 1


def _phases(fields: Reader) -> tuple[int, ...]:
    return tuple(int(count) for count in fields.numbers("phases"))
