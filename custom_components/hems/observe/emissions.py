"""What a kWh of the grid emits, as a sensor such as those of Electricity Maps or a grid operator tells."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
import re

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant

from ..core.forecast import emission_forecast
from ..core.model import InputHealth, Series

KG = {"g": 0.001, "kg": 1.0, "t": 1000.0}
PER_ENERGY = {"kwh": 1.0, "mwh": 0.001}
LARGEST_KG_PER_KWH = 3.0
"""Lignite alone emits 1.2."""


def kg_per_kwh(unit: str | None) -> float | None:
    """What an intensity in this unit is multiplied by, e.g. gCO2eq/kWh; None where the unit is none of it."""
    match = re.fullmatch(r"\s*(k?g|t)\s*(?:co[2₂]\S*?)?\s*(?:eq|e)?\s*/\s*([km]wh)\s*", (unit or "").lower())
    return KG[match[1]] * PER_ENERGY[match[2]] if match else None


def emissions(
    hass: HomeAssistant, entity_id: str | None, past: Mapping[str, Series], start: datetime, end: datetime
) -> tuple[Series | None, tuple[InputHealth, ...]]:
    """Kg per kWh over the horizon; None without a sensor."""
    if entity_id is None:
        return None, ()
    state = hass.states.get(entity_id)
    factor = kg_per_kwh(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)) if state is not None else None
    if state is None or factor is None:
        return emission_forecast(None, None, start, end)
    history = past.get(entity_id)
    scaled = None if history is None else _scaled(history, factor)
    return emission_forecast(scaled, _value(state.state, factor), start, end)


def _value(text: str, factor: float) -> float | None:
    try:
        value = float(text) * factor
    except ValueError:
        return None
    return value if isfinite(value) and 0.0 <= value <= LARGEST_KG_PER_KWH else None


def _scaled(series: Series, factor: float) -> Series:
    values = (None if value is None else value * factor for value in series.values)
    return Series(
        times=series.times,
        values=tuple(value if value is not None and 0.0 <= value <= LARGEST_KG_PER_KWH else None for value in values),
    )
