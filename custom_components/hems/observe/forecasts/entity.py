"""What a PV forecast entity, or the integration behind it, expects of the sun."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from homeassistant.components.energy.websocket_api import async_get_energy_platforms
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ...core.model import HealthStatus, InputHealth, Quantile, Series
from ..answers import async_answer_or_reason
from . import solcast, watts

FORMATS = (solcast.series, watts.series)


@dataclass(frozen=True, slots=True, kw_only=True)
class PvReading:
    """A forecast in kW as far as it reaches, or what is wrong with it."""

    series: Series | None
    health: tuple[InputHealth, ...] = ()


async def async_read_pv(hass: HomeAssistant, entity_id: str, source: str) -> PvReading:
    """From the entity's attributes, those of its device's other entities, or the integration's energy platform."""
    try:
        found = _from_attributes(hass, entity_id) or await _async_from_platform(hass, entity_id)
    except ValueError as error:
        return _missing(source, f"{entity_id}: {error}")
    if found is None:
        return _missing(source, f"{entity_id} has no forecast that HEMS can read")
    return PvReading(series=found)


def _from_attributes(hass: HomeAssistant, entity_id: str) -> Series | None:
    """Solcast and others spread their days over several entities: today's, tomorrow's, the third day's."""
    found: list[Series] = []
    for attributes in _attributes(hass, entity_id):
        for read in FORMATS:
            series = read(attributes)
            if series is not None:
                found.append(series)
                break
    return joined(found)


def _attributes(hass: HomeAssistant, entity_id: str) -> Iterable[Mapping[str, object]]:
    registry = er.async_get(hass)
    entry = registry.async_get(entity_id)
    siblings = er.async_entries_for_device(registry, entry.device_id) if entry and entry.device_id else []
    for name in dict.fromkeys((entity_id, *(sibling.entity_id for sibling in siblings))):
        state = hass.states.get(name)
        if state is not None:
            yield state.attributes


async def _async_from_platform(hass: HomeAssistant, entity_id: str) -> Series | None:
    """As the Energy dashboard asks."""
    entry = er.async_get(hass).async_get(entity_id)
    if entry is None or entry.config_entry_id is None or "energy" not in hass.config.components:
        return None
    forecast_of = (await async_get_energy_platforms(hass)).get(entry.platform)
    if forecast_of is None:
        return None
    forecast = await async_answer_or_reason(forecast_of(hass, entry.config_entry_id))
    if isinstance(forecast, str):
        raise ValueError(forecast)  # noqa: TRY004  # a reason why there is none, no wrong type
    hours = forecast.get("wh_hours") if forecast else None
    return watts.from_mapping(hours, energy=True) if hours else None


def joined(parts: Iterable[Series]) -> Series | None:
    """Several days' forecasts as one; where two overlap, the first counts."""
    ordered = list(parts)
    if len(ordered) <= 1:
        return ordered[0] if ordered else None
    times = sorted({moment for part in ordered for moment in part.times})
    levels = sorted({quantile.level for part in ordered for quantile in part.quantiles})
    layers = {level: [part.quantile(level) for part in ordered] for level in levels}
    return Series(
        times=tuple(times),
        values=_first_known(ordered, times),
        quantiles=tuple(Quantile(level=level, values=_first_known(layers[level], times)) for level in levels),
    )


def _first_known(parts: Sequence[Series | None], times: Sequence[datetime]) -> tuple[float | None, ...]:
    return tuple(
        next((value for part in parts if part is not None and (value := part.at(moment)) is not None), None)
        for moment in times[:-1]
    )


def _missing(source: str, reason: str) -> PvReading:
    return PvReading(series=None, health=(InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason),))
