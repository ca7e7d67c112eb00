"""Measurements that no plan needs: read, said over MQTT and recorded, by their quantity there (`core.exchange`)."""

from collections.abc import Mapping
from types import MappingProxyType

from ..const import (
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
)
from .reader import Reader

ELECTRIC: Mapping[str, str] = MappingProxyType({"voltage_entity": "voltage_v", "current_entity": "current_a"})
WARM: Mapping[str, str] = MappingProxyType({"device_temperature_entity": "temperature_degc"})
NOTHING: Mapping[str, str] = MappingProxyType({})

RECORDED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        SUBENTRY_PV: ELECTRIC,
        SUBENTRY_BATTERY: {"soh_entity": "soh_percent", "cycles_entity": "cycles", **WARM, **ELECTRIC},
        SUBENTRY_INVERTER: WARM,
        SUBENTRY_EV_CHARGER: ELECTRIC,
        # The temperature of rooms and tanks is planned with, and said anyway.
        SUBENTRY_HEAT_PUMP: NOTHING,
        SUBENTRY_HOT_WATER: NOTHING,
        SUBENTRY_APPLIANCE: NOTHING,
        SUBENTRY_FLEXIBLE_LOAD: NOTHING,
    }
)
"""By asset kind: the quantity that each field stands for."""
GRID_RECORDED: Mapping[str, str] = MappingProxyType(
    {
        f"grid_{what}_l{phase}_entity": f"{what}_l{phase}_{unit}"
        for what, unit in (("voltage", "v"), ("current", "a"))
        for phase in (1, 2, 3)
    }
)
"""The same of the connection."""


def parse_recorded(fields: Reader, quantities: Mapping[str, str]) -> Mapping[str, str]:
    """The entities that were given, by quantity."""
    given = fields.given(fields.text, *quantities)
    return MappingProxyType({quantities[field]: entity_id for field, entity_id in given.items()})
