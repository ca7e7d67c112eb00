"""A price entity, whatever its integration is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from ...core.model import HealthStatus, InputHealth, Series
from . import amber, entsoe, epex_spot, generic, nordpool_custom, octopus, pvpc
from .actions import async_rows
from .rows import LARGEST_PER_KWH, PriceError, Row, number, to_series
from .units import per_kwh

# The particular before the general; those of the second group say their unit themselves.
IN_UNIT_OF_ENTITY: tuple[Callable[[Mapping[str, Any]], list[Row] | None], ...] = (
    nordpool_custom.rows,
    entsoe.rows,
    pvpc.rows,
    generic.rows,
)
PER_KWH: tuple[Callable[[Mapping[str, Any]], list[Row] | None], ...] = (epex_spot.rows, octopus.rows, amber.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """What an entity says about prices."""

    series: Series | None
    """Currency per kWh as far as it is published; None where nothing can be used."""
    health: tuple[InputHealth, ...] = ()


async def async_read_prices(
    hass: HomeAssistant, entity_id: str, start: datetime, end: datetime, source: str
) -> PriceReading:
    """The published prices of an entity; a price without a list holds for the whole time, and is named."""
    state = hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE:
        return _error(source, f"{entity_id} is unavailable")
    try:
        series = await _async_list(hass, state, start, end)
    except ValueError as error:
        return _error(source, f"{entity_id}: {error}")
    return _single(state, start, end, source) if series is None else PriceReading(series=series)


async def _async_list(hass: HomeAssistant, state: State, start: datetime, end: datetime) -> Series | None:
    entry = er.async_get(hass).async_get(state.entity_id)
    published = await async_rows(hass, entry, start, end) if entry else None
    if published is not None:
        rows, factor = published
        return to_series(rows, factor)
    for read in PER_KWH:
        if found := read(state.attributes):
            return to_series(found, 1.0)
    for read in IN_UNIT_OF_ENTITY:
        if found := read(state.attributes):
            return to_series(found, _factor(state))
    return None


def _factor(state: State) -> float:
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    factor = per_kwh(unit)
    if factor is None:
        raise PriceError(f"its unit must be money per kWh or MWh, got {unit!r}")
    return factor


def _single(state: State, start: datetime, end: datetime, source: str) -> PriceReading:
    """Only the price of now."""
    if state.state == STATE_UNKNOWN:
        return _error(source, f"{state.entity_id} is unknown")
    try:
        price = number(state.state, "price") * _factor(state)
    except PriceError as error:
        return _error(source, f"{state.entity_id}: {error}")
    if abs(price) > LARGEST_PER_KWH:
        return _error(source, f"{state.entity_id}: price must be below {LARGEST_PER_KWH:g}, got {price:g}")
    reason = f"{state.entity_id} has no price list; its price of now ({price:g} per kWh) is assumed to last"
    return PriceReading(
        series=Series.constant(price, start, end),
        health=(InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),),
    )


def _error(source: str, reason: str) -> PriceReading:
    return PriceReading(series=None, health=(InputHealth(source=source, status=HealthStatus.ERROR, reason=reason),))
