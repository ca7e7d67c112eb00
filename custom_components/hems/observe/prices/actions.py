"""Price lists that an integration of the core gives as the response of an action."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..answers import async_answer_or_reason
from .rows import PriceError, Row, items, row


async def async_rows(
    hass: HomeAssistant, entry: er.RegistryEntry, start: datetime, end: datetime
) -> tuple[list[Row], float] | None:
    """Rows that the entity's integration publishes, and their factor to currency/kWh; None where it has no action.

    Raises:
        PriceError: the action failed, or its response is not what it should be.
    """
    readers = {"nordpool": _nordpool, "tibber": _tibber, "energyzero": _energyzero, "easyenergy": _easyenergy}
    reader = readers.get(entry.platform)
    return await reader(hass, entry, start, end) if reader else None


async def _ask(hass: HomeAssistant, domain: str, action: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    response = await async_answer_or_reason(
        hass.services.async_call(domain, action, dict(data), blocking=True, return_response=True)
    )
    if isinstance(response, str):
        raise PriceError(f"{domain}.{action}: {response}")
    if not isinstance(response, Mapping):
        raise PriceError(f"{domain}.{action} gave no response")
    return response


async def _nordpool(
    hass: HomeAssistant, entry: er.RegistryEntry, start: datetime, end: datetime
) -> tuple[list[Row], float]:
    """Per MWh; a day that is not published yet is an empty list. The entity's unique id begins with its area."""
    rows: list[Row] = []
    day, last = dt_util.as_local(start).date(), dt_util.as_local(end).date()
    # Published by the exchange for today and, from the early afternoon, for tomorrow.
    last = min(last, dt_util.now().date() + timedelta(days=1))
    while day <= last:
        response = await _ask(
            hass, "nordpool", "get_prices_for_date", {"config_entry": entry.config_entry_id, "date": day.isoformat()}
        )
        area = next((name for name in response if name in entry.unique_id.split("-")), None)
        if area is None and len(response) == 1:
            area = next(iter(response))
        if area is None and response:
            raise PriceError(f"none of the areas {', '.join(response)} belongs to {entry.entity_id}")
        rows += [row(item, "start", "price", "end") for item in items(response, area or "")]
        day += timedelta(days=1)
    return rows, 0.001


async def _tibber(
    hass: HomeAssistant, entry: er.RegistryEntry, start: datetime, end: datetime
) -> tuple[list[Row], float]:
    """Totals per kWh by the name of the home, without ends."""
    response = await _ask(hass, "tibber", "get_prices", {"start": start.isoformat(), "end": end.isoformat()})
    homes = response.get("prices")
    if not isinstance(homes, Mapping) or not homes:
        raise PriceError("tibber.get_prices knows no home")
    device = dr.async_get(hass).async_get(entry.device_id) if entry.device_id else None
    name = device.name if device and device.name in homes else None
    if name is None and len(homes) > 1:
        raise PriceError(f"none of the homes {', '.join(homes)} belongs to {entry.entity_id}")
    return [row(item, "start_time", "price") for item in items(homes, name or next(iter(homes)))], 1.0


async def _energyzero(
    hass: HomeAssistant, entry: er.RegistryEntry, start: datetime, end: datetime
) -> tuple[list[Row], float]:
    """EUR per kWh with all taxes and fees, as they are paid."""
    response = await _ask(
        hass,
        "energyzero",
        "get_energy_prices",
        {
            "config_entry": entry.config_entry_id,
            "incl_vat": True,
            "price_type": "all_in",
            "start": start.isoformat(),
            "end": end.isoformat(),
        },
    )
    return [row(item, "start", "price", "end") for item in items(response, "prices")], 1.0


async def _easyenergy(
    hass: HomeAssistant, entry: er.RegistryEntry, start: datetime, end: datetime
) -> tuple[list[Row], float]:
    """EUR per kWh without ends; entities of what is fed in have an action of their own."""
    returned = "return" in entry.unique_id
    data: dict[str, Any] = {
        "config_entry": entry.config_entry_id,
        "start": start.isoformat(),
        "end": end.isoformat(),
    }
    action = "get_energy_return_prices" if returned else "get_energy_usage_prices"
    response = await _ask(hass, "easyenergy", action, data if returned else data | {"incl_vat": True})
    return [row(item, "timestamp", "price") for item in items(response, "prices")], 1.0
