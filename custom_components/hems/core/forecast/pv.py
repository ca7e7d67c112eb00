"""What the sun will offer: the providers' forecasts as the array has kept them so far, or a dimmed clear sky."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp

from ..model import HealthStatus, InputHealth, Quantile, Series
from .local_time import quarters
from .panel import Panel, clear_sky_kw
from .pv_calibration import QUANTILES, PvCalibration, Spot, scale_kw, situation_of, spot_at

TYPICAL_PERFORMANCE = 0.5
"""Share of the clear-sky energy that a year's weather leaves in central Europe."""
SPREAD = {0.1: 0.4, 0.5: 1.0, 0.9: 1.6}
"""Quantiles as a share of the expected value where nobody gives any: wide, as a day's clouds are not known."""
LEAST_KWH = 1.0
"""Less clear-sky energy than this in the history says nothing."""
RECENT = timedelta(hours=1)
FADE = timedelta(hours=2)
"""The last hour's ratio to its forecast fades to 1/e of it in this time."""
SURER = 0.75
"""With the last hour known errors are smaller by this factor: measured, `scripts/bench forecast`, pv-next-hour."""
RECENT_RANGE = (0.2, 2.5)
LEAST_RECENT = 0.03
"""Of the peak; a ratio to less says nothing."""


def performance_of(panel: Panel, history_kw: Series, now: datetime, days: int = 3) -> float | None:
    """Share of the clear-sky energy that the array gave in the last days; None where that is not known."""
    until = now.astimezone(UTC)
    start, end = max(history_kw.start, until - timedelta(days=days)), min(history_kw.end, until)
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
    providers: Mapping[str, Series] | Series | None,
    panel: Panel,
    start: datetime,
    end: datetime,
    source: str,
    performance: float | None = None,
    *,
    calibration: PvCalibration | None = None,
    measured_kw: Series | None = None,
) -> tuple[Series, tuple[InputHealth, ...]]:
    """AC power before curtailment with P10, P50 and P90 over the whole time from `start` to `end`.

    Providers' forecasts are calibrated and blended where there are any, whatever their number; elsewhere it is the
    clear sky times `performance`, the share of it that the last days gave. `measured_kw` is what the array has given
    lately (without what was curtailed): the ratio of its last hour, if that ended less than an hour ago, to the
    forecast for it carries on, and fades.
    """
    heard = _named(providers)
    maker = _Maker(
        providers=heard,
        panel=panel,
        now=start.astimezone(UTC),
        calibration=calibration or PvCalibration(),
        dimming=_dimming(performance, calibration),
    )
    edges = maker.edges(start, end)
    rows = [maker.row(earlier, later) for earlier, later in pairwise(edges)]
    ratio = _recent_ratio(maker, measured_kw)
    if ratio is not None:
        rows = [
            _corrected(row, ratio, (edge - maker.now) / FADE, panel) for row, edge in zip(rows, edges, strict=False)
        ]
    series = Series(
        times=tuple(edges),
        values=tuple(row[0] for row in rows),
        quantiles=tuple(
            Quantile(level=level, values=tuple(row[i] for row in rows)) for i, level in enumerate(QUANTILES, start=1)
        ),
    )
    return series, _health(maker, edges, source)


@dataclass(slots=True)
class _Maker:
    """Makes one row of expected value and quantiles after the other."""

    providers: Mapping[str, Series]
    panel: Panel
    now: datetime
    calibration: PvCalibration
    dimming: float
    """Share of a clear sky where nobody forecasts."""
    spreads: dict[str, tuple[float, ...] | None] = field(default_factory=dict)

    def edges(self, start: datetime, end: datetime) -> list[datetime]:
        """Quarter-hours, and wherever a provider changes its mind."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        given = {t for series in self.providers.values() for t in series.times if first < t < last}
        return sorted({first, *(until for _, until in quarters(first, last)), *given})

    def heard(self, moment: datetime) -> dict[str, float]:
        """What the providers say about a moment."""
        said = {name: series.at(moment) for name, series in self.providers.items()}
        return {name: max(0.0, value) for name, value in said.items() if value is not None}

    def row(self, start: datetime, end: datetime) -> list[float]:
        """Expected value, P10, P50 and P90, in order."""
        spot = spot_at(start + (end - start) / 2, self.panel)
        heard = self.heard(start)
        if spot is None:
            night_kw = min(self.panel.peak_kw, sum(heard.values()) / len(heard)) if heard else 0.0
            return [night_kw] * (1 + len(QUANTILES))
        lead_h = (start - self.now).total_seconds() / 3600.0
        value_kw = min(max(self.value_kw(heard, spot, lead_h), 0.0), self.panel.peak_kw)
        situation = situation_of(value_kw, spot, lead_h, self.panel)
        if situation not in self.spreads:
            self.spreads[situation] = self.calibration.spread(situation)
        spread = self.spreads[situation]
        if spread is None:
            return [value_kw, *sorted(self._told_kw(start, value_kw, spot))]
        scale = scale_kw(spot, self.panel)
        return [value_kw, *(min(max(value_kw + error * scale, 0.0), self.panel.peak_kw) for error in spread)]

    def value_kw(self, heard: Mapping[str, float], spot: Spot, lead_h: float) -> float:
        """The blend; the dimmed sky, seen as the array has seen skies, without any provider."""
        if heard:
            return self.calibration.blended_kw(heard, spot, lead_h, self.panel)
        return self.calibration.sky_kw(self.dimming, spot, self.panel)

    def _told_kw(self, moment: datetime, value_kw: float, spot: Spot) -> Sequence[float]:
        """Before there are errors of its own: the quantiles of the first provider that has them."""
        told = []
        for level, share in SPREAD.items():
            kw = min(self.panel.peak_kw, value_kw * share)
            for name, series in self.providers.items():
                quantile = series.quantile(level)
                own = quantile.at(moment) if quantile else None
                if own is not None:
                    kw = self.calibration.calibrated_kw(name, max(0.0, own), spot, self.panel)
                    break
            told.append(kw)
        return told


def _named(providers: Mapping[str, Series] | Series | None) -> Mapping[str, Series]:
    if providers is None:
        return {}
    return {"provider": providers} if isinstance(providers, Series) else providers


def _dimming(performance: float | None, calibration: PvCalibration | None) -> float:
    if performance is not None:
        return performance
    return TYPICAL_PERFORMANCE if calibration is None else calibration.sky_share


def _corrected(row: Sequence[float], ratio: float, lead: float, panel: Panel) -> list[float]:
    """Expected value and quantiles as far above or below as the last hour was, and closer together; both fade."""
    faded = exp(-lead)
    scaled = [min(panel.peak_kw, kw * (1.0 + (ratio - 1.0) * faded)) for kw in row]
    width = 1.0 - (1.0 - SURER) * faded
    return [scaled[0], *(scaled[0] + (kw - scaled[0]) * width for kw in scaled[1:])]


def _recent_ratio(maker: _Maker, measured_kw: Series | None) -> float | None:
    """What the last hour gave over what would have been forecast for it; None where either is not known."""
    end = min(maker.now, measured_kw.end) if measured_kw else maker.now
    begin = end - RECENT
    given = measured_kw.mean(begin, end) if measured_kw and maker.now - end < RECENT else None
    if given is None:
        return None
    edges = maker.edges(begin, end)
    forecast_kwh = 0.0
    for earlier, later in pairwise(edges):
        if maker.providers and not maker.heard(earlier):
            return None
        forecast_kwh += maker.row(earlier, later)[0] * ((later - earlier) / RECENT)
    if forecast_kwh < LEAST_RECENT * maker.panel.peak_kw:
        return None
    return min(max(max(given, 0.0) / forecast_kwh, RECENT_RANGE[0]), RECENT_RANGE[1])


def _health(maker: _Maker, edges: Sequence[datetime], source: str) -> tuple[InputHealth, ...]:
    lit = (edge for edge in edges[:-1] if maker.panel.clear_kw(edge) > 0.0)
    gap = next((edge for edge in lit if not maker.heard(edge)), None)
    if gap is None and maker.providers:
        return ()
    what = (
        f"the forecast has a gap at {gap.isoformat(timespec='minutes')}" if maker.providers and gap else "no forecast"
    )
    return (
        InputHealth(
            source=source,
            status=HealthStatus.DEGRADED,
            reason=f"{what}; {maker.dimming:.0%} of a clear sky's yield is assumed there",
        ),
    )
