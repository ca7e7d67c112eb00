"""EPEX Spot of HACS (mampfes/ha_epex_spot; also aWATTar, smartENERGY and others): `data`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .rows import Row, items, row

PER_KWH = {
    "price_per_kwh": 1.0,
    "price_eur_per_mwh": 0.001,
    "price_gbp_per_mwh": 0.001,
    "price_per_mwh": 0.001,
    "price_ct_per_kwh": 0.01,
}


def rows(attributes: Mapping[str, Any]) -> list[Row] | None:
    """`[{start_time, end_time, price_per_kwh | price_..._per_mwh}]`; the field says the unit, so prices are per kWh."""
    found = items(attributes, "data")
    field = next((name for name in PER_KWH if found and name in found[0]), None)
    if field is None:
        return None
    parsed = (row(item, "start_time", field, "end_time") for item in found)
    return [replace(entry, price=entry.price * PER_KWH[field]) for entry in parsed]
