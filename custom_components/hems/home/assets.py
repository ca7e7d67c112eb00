"""Each asset kind, from its stored fields to the core's value and to what only the integration knows of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
)
from ..core.model import Appliance, Asset, FlexibleLoad
from .charging import ev_charger, lacks_phase_entity
from .heating import heat_pump, hot_water
from .reader import Reader
from .recorded import RECORDED, parse_recorded
from .shared import phase_of
from .storage import battery, inverter, pv

BINDINGS: Mapping[str, tuple[str, ...]] = {
    SUBENTRY_PV: (CONF_POWER_ENTITY, CONF_FORECAST_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_BATTERY: (CONF_POWER_ENTITY, CONF_SOC_ENTITY, CONF_CONTROL_ENTITY),
    SUBENTRY_INVERTER: (),
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
"""The entities that each kind may be bound to, beside those that are only recorded."""

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
    forecast_entities: tuple[str, ...] = ()
    """Of a PV array: any number of providers."""
    connected_entity: str | None = None
    phase_entity: str | None = None
    """Sets how many phases a charger uses."""
    lacks_phase_entity: bool = False
    """The charger could switch its phases, but HEMS cannot tell it to: the larger count is taken for granted."""
    recorded: Mapping[str, str] = field(default_factory=dict)
    """By quantity: what no plan needs."""


def parse_asset(kind: str, name: str, fields: Reader) -> Asset:
    """The stored fields as the core's value, called `name`.

    Raises:
        HomeError: a field is missing or cannot be used.
    """
    return fields.build(lambda: _ASSETS[kind](name, fields))


def parse_binding(kind: str, fields: Reader) -> Binding:
    """The entities of an asset."""
    single = (key for key in BINDINGS[kind] if key != CONF_FORECAST_ENTITY)
    return Binding(
        **fields.given(fields.text, *single),
        **fields.given(fields.flag, CONF_POWER_INVERTED),
        forecast_entities=fields.texts(CONF_FORECAST_ENTITY) if kind == SUBENTRY_PV else (),
        lacks_phase_entity=kind == SUBENTRY_EV_CHARGER and lacks_phase_entity(fields),
        recorded=parse_recorded(fields, RECORDED[kind]),
    )


def _appliance(name: str, fields: Reader) -> Asset:
    optional = {**fields.given(fields.number, "skip_price"), **phase_of(fields)}
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
        **fields.given(fields.number, "min_on_h_per_day"),
        **phase_of(fields),
    )


_ASSETS: Mapping[str, Callable[[str, Reader], Asset]] = {
    SUBENTRY_PV: pv,
    SUBENTRY_BATTERY: battery,
    SUBENTRY_INVERTER: inverter,
    SUBENTRY_EV_CHARGER: ev_charger,
    SUBENTRY_HEAT_PUMP: heat_pump,
    SUBENTRY_HOT_WATER: hot_water,
    SUBENTRY_APPLIANCE: _appliance,
    SUBENTRY_FLEXIBLE_LOAD: _flexible_load,
}
