"""What the sun will offer: a provider's forecast, or a clear sky dimmed as much as the last days were."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..model import HealthStatus, InputHealth, Quantile, Series
from .local_time import quarters
from .sun import clear_sky_on_plane

TYPICAL_PERFORMANCE = 0.5
"""Share of the clear-sky energy that a year's weather leaves in central Europe."""
SPREAD = {0.1: 0.4, 0.5: 1.0, 0.9: 1.6}
"""Quantiles as a share of the expected value where nobody gives any: wide, as a day's clouds are not known."""
LEAST_KWH = 1.0
"""Less clear-sky energy than this in the history says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """How an array stands, and where."""

    latitude: float
    longitude: float
    tilt_deg: float = 35.0
    azimuth_deg: float = 180.0
    """Clockwise from north."""
    peak_kw: float


def clear_sky_kw(panel: Panel, start: datetime, end: datetime) -> Series:
    """What the array gives under a clear sky, in quarter-hours; most at the middle of each."""
    times, values = [start.astimezone(UTC)], []
    for piece, until in quarters(start, end):
        share = clear_sky_on_plane(
            piece + (until - piece) / 2, panel.latitude, panel.longitude, panel.tilt_deg, panel.azimuth_deg
        )
        times.append(until)
        values.append(min(panel.peak_kw, panel.peak_kw * share))
    return Series(times=tuple(times), values=tuple(values))


def performance_of(panel: Panel, history_kw: Series, now: datetime, days: int = 3) -> float | None:
    """Share of the clear-sky energy that the array gave in the last days; None where that is not known."""
    start, end = max(history_kw.start, now - timedelta(days=days)), min(history_kw.end, now)
    if end <= start:
        return None
    clear = clear_sky_kw(panel, start, end)
    given_kwh = clear_kwh = 0.0
    for earlier, later, clear_value in zip(clear.times, clear.times[1:], clear.values, strict=False):
        given = history_kw.mean(earlier, later)
        if given is None or clear_value is None:
            continue
        hours = (later - earlier).total_seconds() / 3600
        given_kwh += abs(given) * hours
        clear_kwh += clear_value * hours
    return min(1.0, given_kwh / clear_kwh) if clear_kwh >= LEAST_KWH else None


def pv_forecast(
    provider: Series | None,
    panel: Panel,
    start: datetime,
    end: datetime,
    source: str,
    performance: float | None = None,
) -> tuple[Series, tuple[InputHealth, ...]]:
    """AC power before curtailment with P10, P50 and P90 over the whole time from `start` to `end`.

    A provider's forecast is used where it has one; elsewhere the clear sky times the recent performance.
    """
    clear = clear_sky_kw(panel, start, end)
    factor = TYPICAL_PERFORMANCE if performance is None else performance
    expected = [factor * (value or 0.0) for value in clear.values]
    if provider is None:
        return _with_spread(clear, expected, panel.peak_kw), (_degraded(source, "no forecast", factor),)
    edges = sorted({*clear.times, *(t for t in provider.times if clear.start < t < clear.end)})
    given = [provider.at(edge) for edge in edges[:-1]]
    values = [
        max(0.0, min(value, panel.peak_kw)) if value is not None else factor * (clear.at(edge) or 0.0)
        for edge, value in zip(edges, given, strict=False)
    ]
    base = Series(times=tuple(edges), values=tuple(values))
    merged = _with_spread(base, values, panel.peak_kw)
    if provider.quantiles:
        merged = Series(times=base.times, values=base.values, quantiles=_quantiles(provider, base))
    hole = next((edge for edge, value in zip(edges, given, strict=False) if value is None and clear.at(edge)), None)
    if hole is None:
        return merged, ()
    return merged, (_degraded(source, f"the forecast has a gap at {hole.isoformat(timespec='minutes')}", factor),)


def _with_spread(base: Series, values: list[float], peak_kw: float) -> Series:
    return Series(
        times=base.times,
        values=tuple(values),
        quantiles=tuple(
            Quantile(level=level, values=tuple(min(peak_kw, value * factor) for value in values))
            for level, factor in SPREAD.items()
        ),
    )


def _quantiles(provider: Series, base: Series) -> tuple[Quantile, ...]:
    """The provider's own, with the expected value where it has none."""
    found = []
    for quantile in provider.quantiles:
        series = provider.quantile(quantile.level)
        if series is None:
            continue
        at = [series.at(edge) for edge in base.times[:-1]]
        values = tuple(
            expected if value is None else max(0.0, value) for value, expected in zip(at, base.values, strict=True)
        )
        found.append(Quantile(level=quantile.level, values=values))
    return tuple(found)


def _degraded(source: str, what: str, factor: float) -> InputHealth:
    return InputHealth(
        source=source,
        status=HealthStatus.DEGRADED,
        reason=f"{what}; {factor:.0%} of a clear sky's yield is assumed there",
    )
