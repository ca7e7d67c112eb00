"""One measurement of one entity: converted, or refused by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import (
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..core.exchange import QUANTITIES
from ..core.model import HealthStatus, InputHealth

SHORT = timedelta(hours=2)
AGEING = timedelta(days=7)
"""A battery ages so slowly that its integration may say nothing for days."""
LARGEST_KW = 200.0
"""No household connection carries more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What may be measured: its unit, what is possible, and when it is stale."""

    convert: Callable[[float, str | None], float]
    """From a unit to that of the core; HomeAssistantError for a unit of something else."""
    low: float
    high: float
    warn_after: timedelta
    """Still used, but named."""
    stale_after: timedelta
    """No longer used."""
    rests_at_zero: bool = False
    """Devices that report changes only are silent while they rest, so that 0 does not grow old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value in the unit of the core, or None, and what is wrong with it."""

    value: float | None = None
    at: datetime | None = None
    """When it was last reported; None where there is no value."""
    health: tuple[InputHealth, ...] = ()


def _to_kw(value: float, unit: str | None) -> float:
    return PowerConverter.convert(value, unit, UnitOfPower.KILO_WATT)


def _to_c(value: float, unit: str | None) -> float:
    return TemperatureConverter.convert(value, unit, UnitOfTemperature.CELSIUS)


def _to_v(value: float, unit: str | None) -> float:
    return ElectricPotentialConverter.convert(value, unit, UnitOfElectricPotential.VOLT)


def _to_a(value: float, unit: str | None) -> float:
    return ElectricCurrentConverter.convert(value, unit, UnitOfElectricCurrent.AMPERE)


def _to_percent(value: float, unit: str | None) -> float:
    return 100.0 * _to_fraction(value, unit)


def _to_fraction(value: float, unit: str | None) -> float:
    if unit != PERCENTAGE:
        raise HomeAssistantError(f"{unit} is not a recognized unit of a state of charge or health")
    return value / 100.0


POWER = Quantity(
    convert=_to_kw,
    low=-LARGEST_KW,
    high=LARGEST_KW,
    warn_after=timedelta(minutes=15),
    stale_after=SHORT,
    rests_at_zero=True,
)
STATE_OF_CHARGE = Quantity(
    convert=_to_fraction, low=0.0, high=1.0, warn_after=timedelta(hours=1), stale_after=timedelta(hours=6)
)
INDOOR = Quantity(convert=_to_c, low=-30.0, high=60.0, warn_after=timedelta(hours=3), stale_after=timedelta(hours=12))
OUTDOOR = Quantity(convert=_to_c, low=-60.0, high=60.0, warn_after=timedelta(hours=3), stale_after=timedelta(hours=12))
TANK = Quantity(convert=_to_c, low=0.0, high=100.0, warn_after=timedelta(hours=3), stale_after=timedelta(hours=12))


def _recorded(
    convert: Callable[[float, str | None], float], name: str, silent: timedelta, *, rests_at_zero: bool = False
) -> Quantity:
    """What no plan needs is not warned of: it is said as long as it is believed, in the range of its quantity."""
    known = QUANTITIES[name]
    return Quantity(
        convert=convert,
        low=known.low,
        high=known.high,
        warn_after=silent,
        stale_after=silent,
        rests_at_zero=rests_at_zero,
    )


RECORDED: Mapping[str, Quantity] = {
    **{name: _recorded(_to_v, name, SHORT, rests_at_zero=True) for name in QUANTITIES if name.startswith("voltage_")},
    **{name: _recorded(_to_a, name, SHORT, rests_at_zero=True) for name in QUANTITIES if name.startswith("current_")},
    "temperature_degc": _recorded(_to_c, "temperature_degc", timedelta(hours=12)),
    "soh_percent": _recorded(_to_percent, "soh_percent", AGEING),
    "cycles": _recorded(lambda value, _: value, "cycles", AGEING),
}
"""By name of the quantity in `core.exchange`."""


def measure(
    hass: HomeAssistant, entity_id: str, quantity: Quantity, now: datetime, source: str, missing: HealthStatus
) -> Measured:
    """The value of an entity now; `missing` is how bad it is not to have one."""
    state = hass.states.get(entity_id)
    reason = absent(state)
    if state is None or reason:
        return _refused(source, f"{entity_id} {reason}", missing)
    try:
        number = float(state.state)
    except ValueError:
        return _refused(source, f"{entity_id} must be a number, got {state.state!r}", missing)
    if not isfinite(number):
        return _refused(source, f"{entity_id} must be a finite number, got {state.state}", missing)
    try:
        value = quantity.convert(number, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))
    except HomeAssistantError as error:
        return _refused(source, f"{entity_id}: {error}", missing)
    if not quantity.low <= value <= quantity.high:
        return _refused(
            source, f"{entity_id} must be between {quantity.low:g} and {quantity.high:g}, got {value:g}", missing
        )
    return _aged(state, value, quantity, now, source, missing)


def switched_on(hass: HomeAssistant, entity_id: str, source: str) -> tuple[bool | None, tuple[InputHealth, ...]]:
    """Whether an entity that is on or off is on; it never grows old, as it reports changes only."""
    state = hass.states.get(entity_id)
    reason = absent(state)
    if state is not None and not reason:
        if state.state in (STATE_ON, STATE_OFF):
            return state.state == STATE_ON, ()
        reason = f"must be on or off, got {state.state!r}"
    return None, _refused(source, f"{entity_id} {reason}", HealthStatus.ERROR).health


def absent(state: State | None) -> str:
    """Why an entity says nothing; empty where it does."""
    if state is None:
        return "does not exist"
    if state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return f"is {state.state}"
    return ""


def _aged(
    state: State, value: float, quantity: Quantity, now: datetime, source: str, missing: HealthStatus
) -> Measured:
    age = now - state.last_reported
    if age < quantity.warn_after or (quantity.rests_at_zero and value == 0.0):
        return Measured(value=value, at=state.last_reported)
    minutes = round(age.total_seconds() / 60)
    if age >= quantity.stale_after:
        return _refused(source, f"{state.entity_id} has been silent for {minutes} minutes", missing)
    reason = f"{state.entity_id} has been silent for {minutes} minutes; its last value is used"
    named = InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason)
    return Measured(value=value, at=state.last_reported, health=(named,))


def _refused(source: str, reason: str, status: HealthStatus) -> Measured:
    return Measured(health=(InputHealth(source=source, status=status, reason=reason),))
