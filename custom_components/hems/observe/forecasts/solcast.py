"""Solcast of HACS (BJReplay/ha-solcast-solar): `detailedForecast`, `detailedHourly`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...core.model import Quantile, Series
from ..prices.rows import items, moment, number

STEPS = {"detailedForecast": timedelta(minutes=30), "detailedHourly": timedelta(hours=1)}
QUANTILES = {"pv_estimate10": 0.1, "pv_estimate90": 0.9}


def series(attributes: Mapping[str, Any]) -> Series | None:
    """`[{period_start, pv_estimate, pv_estimate10, pv_estimate90}]` in kW."""
    for name, step in STEPS.items():
        found = items(attributes, name)
        if found:
            return _series(found, step)
    return None


def _series(found: list[Mapping[str, Any]], step: timedelta) -> Series:
    starts = {moment(item.get("period_start"), "period_start"): item for item in found}
    expected = Series.from_rows(
        (start, start + step, max(0.0, number(item.get("pv_estimate"), "pv_estimate")))
        for start, item in starts.items()
    )
    quantiles = []
    for field, level in QUANTILES.items():
        values = [starts[start].get(field) if start in starts else None for start in expected.times[:-1]]
        if any(value is not None for value in values):
            known = tuple(None if value is None else max(0.0, number(value, field)) for value in values)
            quantiles.append(Quantile(level=level, values=known))
    return Series(times=expected.times, values=expected.values, quantiles=tuple(quantiles))
