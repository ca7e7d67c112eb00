"""Each asset kind, from its stored fields to the core's value and to what only the integration knows of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from ..const import (
    CONF_CONNECTED_ENTITY,
    CONF_CONTROL_ENTITY,
    CONF_FORECAST_ENTITY,
    CONF_PHASE_ENTITY,
    CONF_POWER_ENTITY,
    CONF_POWER_INVERTED,
    CONF_SOC_ENTITY,
    CONF_TEMPERATURE_ENTITY,
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_PV,
)
from ..core.model import (
    Appliance,
    Asset,
    Battery,
    Building,
    ComfortBand,
    CopPoint,
    EvCharger,
    FlexibleLoad,
    HeatPump,
    HotWater,
    Pv,
)
from .reader import Reader

BINDINGS: Mapping[str, tuple[str, ...]] = {
    SUBENTRY_PV: (CONF_POWER_ENTITY, CONF_FORECAST_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_BATTERY: (CONF_POWER_ENTITY, CONF_SOC_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_EV_CHARGER: (
        CONF_POWER_ENTITY,
        CONF_CONNECTED_ENTITY,
        CONF_SOC_ENTITY,
        CONF_CONTROL_ENTITY,
        CONF_PHASE_ENTITY,
    ),
    SUBENTRY_HEAT_PUMP: (CONF_POWER_ENTITY, CONF_TEMPERATURE_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_HOT_WATER: (CONF_POWER_ENTITY, CONF_TEMPERATURE_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_APPLIANCE: (CONF_POWER_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_FLEXIBLE_LOAD: (CONF_POWER_ENTITY, CONF_CONTROL_ENTITY),
}
"""The entities that each kind may be bound to."""

COP_FIELDS: Mapping[str, float] = {"cop_at_minus_7": -7.0, "cop_at_2": 2.0, "cop_at_7": 7.0, "cop_at_15": 15.0}
"""Fields of a heat pump's COP curve and their outdoor temperatures: the points of EN 14511 and EN 14825."""

PROFILE_STEP_S = 900
"""Of a power profile."""
SHORTEST_STEP_S = 600
"""Of a programme with constant power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The entities of one asset; None: it has none of that sort."""

    power_entity: str | None = None
    power_inverted: bool = False
    """Usually PV counts positive when it produces, everything else when it consumes; inverted, the other way round."""
    soc_entity: str | None = None
    temperature_entity: str | None = None
    control_entity: str | None = None
    """What HEMS commands; None: it only advises."""
    forecast_entity: str | None = None
    connected_entity: str | None = None
    phase_entity: str | None = None
    """Sets how many phases a charger uses."""
    lacks_phase_entity: bool = False
    """The charger could switch its phases, but HEMS cannot tell it to: the larger count is taken for granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """The car that usually charges here, and what the household wants until it says otherwise."""

    capacity_kwh: float
    target_soc: float = 0.8
    departure: time = time(7, 30)
    """Local."""
    max_charge_kw: float | None = None
    """What the car takes at most; None: as much as the charger gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """How a PV array stands, for its forecast."""

    tilt_deg: float = 35.0
    """From horizontal."""
    azimuth_deg: float = 180.0
    """Clockwise from north: south is 180."""

    def __post_init__(self) -> None:
        _between("tilt_deg", self.tilt_deg, 0.0, 90.0)
        _between("azimuth_deg", self.azimuth_deg, 0.0, 360.0)


def parse_asset(kind: str, name: str, fields: Reader) -> Asset:
    """The stored fields as the core's value, called `name`.

    Raises:
        HomeError: a field is missing or cannot be used.
    """
    return fields.build(lambda: _ASSETS[kind](name, fields))


def parse_binding(kind: str, fields: Reader) -> Binding:
    """The entities of an asset."""
    return Binding(
        **fields.given(fields.text, *BINDINGS[kind]),
        **fields.given(fields.flag, CONF_POWER_INVERTED),
        lacks_phase_entity=kind == SUBENTRY_EV_CHARGER and _lacks_phase_entity(fields),
    )


def parse_car(fields: Reader) -> Car:
    """The car of an EV charger."""
    car = Car(
        **fields.given(fields.number, "target_soc", "max_charge_kw"),
        **fields.given(fields.clock, "departure"),
        capacity_kwh=fields.number("capacity_kwh"),
    )
    if car.capacity_kwh <= 0.0:
        raise fields.wrong("capacity_kwh", f"must be greater than 0, got {car.capacity_kwh:g}")
    if not 0.0 <= car.target_soc <= 1.0:
        raise fields.wrong("target_soc", f"must be between 0 and 1, got {car.target_soc:g}")
    if car.max_charge_kw is not None and car.max_charge_kw <= 0.0:
        raise fields.wrong("max_charge_kw", f"must be greater than 0, got {car.max_charge_kw:g}")
    return car


def parse_panels(fields: Reader) -> Panels:
    """How the array of a PV asset stands."""
    return fields.build(lambda: Panels(**fields.given(fields.number, "tilt_deg", "azimuth_deg")))


def parse_daily_hot_water(fields: Reader) -> float:
    """Heat drawn from a tank on an ordinary day, in kWh."""
    daily_kwh = fields.number("daily_use_kwh") if fields.has("daily_use_kwh") else DAILY_HOT_WATER_KWH
    if daily_kwh < 0.0:
        raise fields.wrong("daily_use_kwh", f"must be at least 0, got {daily_kwh:g}")
    return daily_kwh


DAILY_HOT_WATER_KWH = 6.0
"""Three to four people (VDI 6002 gives about 1.5 to 2 kWh a head)."""


def _pv(name: str, fields: Reader) -> Asset:
    return Pv(name=name, peak_kw=fields.number("peak_kw"), **fields.given(fields.flag, "curtailable"))


def _battery(name: str, fields: Reader) -> Asset:
    optional = ("charge_efficiency", "discharge_efficiency", "min_soc", "max_soc", "wear_per_kwh")
    return Battery(
        name=name,
        capacity_kwh=fields.number("capacity_kwh"),
        max_charge_kw=fields.number("max_charge_kw"),
        max_discharge_kw=fields.number("max_discharge_kw"),
        **fields.given(fields.number, *optional),
        **fields.given(fields.flag, "may_export", "may_charge_ev"),
    )


def _ev_charger(name: str, fields: Reader) -> Asset:
    optional = ("min_current_a", "max_current_a", "voltage_v", "efficiency", "late_price_per_kwh")
    numbers = fields.given(fields.number, *optional)
    if not fields.has("phases"):
        return EvCharger(name=name, **numbers)
    phases = _phases(fields)
    if phases and _lacks_phase_entity(fields):
        # A current is three times the power on three phases, so it is worked out for as many as there may be.
        phases = (max(phases),)
    return EvCharger(name=name, phases=phases, **numbers)


def _phases(fields: Reader) -> tuple[int, ...]:
    return tuple(int(count) for count in fields.numbers("phases"))


def _lacks_phase_entity(fields: Reader) -> bool:
    """Whether a charger that HEMS commands may use different phase counts without being told which."""
    commanded = fields.has(CONF_CONTROL_ENTITY) and not fields.has(CONF_PHASE_ENTITY)
    return commanded and fields.has("phases") and len(set(_phases(fields))) > 1


def _heat_pump(name: str, fields: Reader) -> Asset:
    building = Building(
        heat_loss_kw_per_k=fields.number("heat_loss_kw_per_k"),
        heat_capacity_kwh_per_k=fields.number("heat_capacity_kwh_per_k"),
        **fields.given(fields.number, "gains_kw"),
    )
    points = tuple(_cop_point(fields, field) for field in COP_FIELDS if fields.has(field))
    curve: dict[str, Any] = {"cop": points} if points else {}
    return HeatPump(
        name=name,
        max_electric_kw=fields.number("max_electric_kw"),
        building=building,
        comfort=_comfort(fields),
        **fields.given(fields.number, "min_electric_kw"),
        **curve,
    )


def _cop_point(fields: Reader, field: str) -> CopPoint:
    cop = fields.number(field)
    try:
        return CopPoint(outdoor_c=COP_FIELDS[field], cop=cop)
    except ValueError as error:
        raise fields.wrong(field, str(error).removeprefix("cop: cop ")) from error


def _hot_water(name: str, fields: Reader) -> Asset:
    optional = ("min_electric_kw", "cop", "heat_loss_kw_per_k", "ambient_c")
    return HotWater(
        name=name,
        volume_l=fields.number("volume_l"),
        max_electric_kw=fields.number("max_electric_kw"),
        comfort=_comfort(fields),
        **fields.given(fields.number, *optional),
    )


def _comfort(fields: Reader) -> ComfortBand:
    price: dict[str, Any] = {}
    if fields.has("comfort_price_per_kh"):
        price["price_per_kh"] = fields.number("comfort_price_per_kh")
    return ComfortBand(min_c=fields.number("comfort_min_c"), max_c=fields.number("comfort_max_c"), **price)


def _appliance(name: str, fields: Reader) -> Asset:
    optional = fields.given(fields.number, "skip_price")
    if fields.has("profile_kw"):
        return Appliance(name=name, profile_kw=fields.numbers("profile_kw"), profile_step_s=PROFILE_STEP_S, **optional)
    profile_kw, step_s = _flat_profile(fields)
    return Appliance(name=name, profile_kw=profile_kw, profile_step_s=step_s, **optional)


def _flat_profile(fields: Reader) -> tuple[tuple[float, ...], int]:
    """Constant power over the programme, in equal steps of whole seconds."""
    energy_kwh, duration_min = fields.number("energy_kwh"), fields.whole("duration_min")
    if energy_kwh <= 0.0:
        raise fields.wrong("energy_kwh", f"must be greater than 0, got {energy_kwh:g}")
    if not 1 <= duration_min <= 24 * 60:
        raise fields.wrong("duration_min", f"must be between 1 and 1440, got {duration_min}")
    seconds = duration_min * 60
    steps = max(
        (count for count in range(1, 97) if seconds % count == 0 and seconds / count >= SHORTEST_STEP_S), default=1
    )
    return (energy_kwh * 60.0 / duration_min,) * steps, seconds // steps


def _flexible_load(name: str, fields: Reader) -> Asset:
    return FlexibleLoad(
        name=name,
        power_kw=fields.number("power_kw"),
        comfort_price_per_kwh=fields.number("comfort_price_per_kwh"),
    )


_ASSETS: Mapping[str, Callable[[str, Reader], Asset]] = {
    SUBENTRY_PV: _pv,
    SUBENTRY_BATTERY: _battery,
    SUBENTRY_EV_CHARGER: _ev_charger,
    SUBENTRY_HEAT_PUMP: _heat_pump,
    SUBENTRY_HOT_WATER: _hot_water,
    SUBENTRY_APPLIANCE: _appliance,
    SUBENTRY_FLEXIBLE_LOAD: _flexible_load,
}


def _between(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"panels: {field} must be between {low:g} and {high:g}, got {value:g}")
