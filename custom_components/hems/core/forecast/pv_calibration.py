"""What an array really gives of what was forecast, learned from its past.

For each provider, and for the clear sky where no provider answers, in two layers: over all, and by the sun's
azimuth, so that hours keep their meaning through the seasons. Each layer is the least-squares fit

    given = a * forecast + b * clear sky

held to the layer before it, and the first to a = 1 and b = 0, by a ridge: the one term learns a wrong peak power,
dirt, shading and an inverter's limit, both together a provider that makes clouds too thick or too thin. The
calibrated forecasts are blended by their recent errors; the errors of the blend, by how far ahead and how clear,
are the bands. Everything forgets by what it has seen since, not by the calendar.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import degrees

from ..model.checks import as_utc
from ..model.value import Value
from .errors import Errors, quantile_of
from .panel import Panel
from .sun import elevation_and_azimuth

VERSION = 1
QUANTILES = (0.1, 0.5, 0.9)
SKY = "clear sky"
"""Stands in for a provider: a clear sky dimmed as much as the last days were."""
AZIMUTH_DEG = 15.0
CLEARNESS = 5
"""Classes of forecast over clear sky."""
MEMORY_H = 30.0
"""Hours under one azimuth after which what was seen before weighs 1/e: about a month of days."""
TOTAL_MEMORY_H = 500.0
RIDGE = 0.03
"""In hours at peak power: half an hour around noon, some hours of a low sun."""
SKY_MEMORY_H = 20.0
"""Hours of day that say how clear the last days were."""
LEADS_H = (3.0, 12.0, 36.0)
"""Bounds between the classes of how far ahead."""
BLEND_MEMORY = 300.0
PRIOR = 0.15
"""Root mean square error over peak power of a provider of whom nothing is known."""
PRIOR_WEIGHT = 10.0
LEAST_SHARE = 0.02
"""Of the peak; below it a clear sky tells no clearness."""
AT_LIMIT = 0.985
"""Of the peak; whoever foretold as much or more learns nothing from what the inverter cut off."""
DAY = timedelta(hours=12)

type Sums = tuple[float, float, float, float, float]
"""Of forecast^2, forecast * clear, clear^2, forecast * given and clear * given: over peak^2, in hours, forgetting."""
NOTHING: Sums = (0.0, 0.0, 0.0, 0.0, 0.0)
type Line = tuple[float, float]
"""The a and b of the module's formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PvObservation:
    """What a stretch of time gave and what had been forecast for it.

    Times in which the array was curtailed, did not report or was stuck must be left out.
    """

    start: datetime
    end: datetime
    given_kw: float
    """>= 0."""
    forecast_kw: Mapping[str, float]
    """By provider, as it said `lead_h` before."""
    lead_h: float = 24.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc("pv observation", "start", self.start))
        object.__setattr__(self, "end", as_utc("pv observation", "end", self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Value):
    """What is known of one provider."""

    total: Sums = NOTHING
    places: Mapping[str, Sums] = field(default_factory=dict)
    squares: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Squared error over peak power and its weight, by class of lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A moment of day."""

    place: str
    clear_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PvCalibration(Value):
    """Everything learned of one array; small, and kept as JSON."""

    version: int = VERSION
    members: Mapping[str, Member] = field(default_factory=dict)
    errors: Errors = field(default_factory=Errors)
    sky: tuple[float, float] = (0.0, 0.0)
    """Given and clear-sky energy of the last days, kWh, forgetting."""
    until: datetime | None = None
    """Learned so far."""

    def observed(self, seen: Iterable[PvObservation], panel: Panel) -> PvCalibration:
        """With what came of past forecasts; what ends no later than `until` is known already."""
        calibration = self
        half_day: list[PvObservation] = []
        for one in sorted(seen, key=lambda one: one.end):
            if self.until is not None and one.end <= self.until:
                continue
            if half_day and one.end - half_day[0].end >= DAY:
                calibration = _learned(calibration, half_day, panel)
                half_day = []
            half_day.append(one)
        return _learned(calibration, half_day, panel) if half_day else calibration

    def calibrated_kw(self, name: str, forecast_kw: float, spot: Spot, panel: Panel) -> float:
        """What a provider's word means for this array."""
        member = self.members.get(name, Member())
        overall = _fit(member.total, (1.0, 0.0))
        a, b = _fit(member.places.get(spot.place, NOTHING), overall)
        return min(max(a * forecast_kw + b * spot.clear_kw, 0.0), panel.peak_kw)

    def blended_kw(self, forecast_kw: Mapping[str, float], spot: Spot, lead_h: float, panel: Panel) -> float:
        """All calibrated providers, weighted by the inverse of their mean squared errors; the sky without any."""
        heard = forecast_kw or {SKY: self.sky_share * spot.clear_kw}
        weights = {name: self._weight(name, lead_h) for name in heard}
        weighted = sum(weights[name] * self.calibrated_kw(name, value, spot, panel) for name, value in heard.items())
        return weighted / sum(weights.values())

    def sky_kw(self, share: float, spot: Spot, panel: Panel) -> float:
        """What this share of a clear sky means for this array."""
        return self.calibrated_kw(SKY, share * spot.clear_kw, spot, panel)

    def spread(self, situation: str) -> tuple[float, ...] | None:
        """The errors over clear sky at P10, P50 and P90 in a class of forecasts; None if nothing is known."""
        counts = self.errors.of(situation)
        return counts and tuple(quantile_of(counts, level) for level in QUANTILES)

    @property
    def sky_share(self) -> float:
        """Share of the clear-sky energy that the last days gave; a usual year's half before any."""
        given_kwh, clear_kwh = self.sky
        return (given_kwh + 0.5) / (clear_kwh + 1.0)

    def _weight(self, name: str, lead_h: float) -> float:
        """By the errors this far ahead, or by all where this far ahead has never been seen."""
        known = self.members.get(name, Member()).squares
        seen = [known[_lead(lead_h)]] if _lead(lead_h) in known else list(known.values())
        square = sum(square for square, _ in seen)
        weight = sum(weight for _, weight in seen)
        return (PRIOR_WEIGHT + weight) / (PRIOR_WEIGHT * PRIOR * PRIOR + square)


def spot_at(moment: datetime, panel: Panel) -> Spot | None:
    """The sun's place and what a clear sky would give; None at night."""
    elevation, azimuth = elevation_and_azimuth(moment, panel.latitude, panel.longitude)
    if degrees(elevation) <= -1.0:
        return None
    return Spot(place=str(int(degrees(azimuth) / AZIMUTH_DEG)), clear_kw=panel.clear_kw(moment))


def _learned(before: PvCalibration, seen: Iterable[PvObservation], panel: Panel) -> PvCalibration:
    """After half a day or less; it is judged by what was known before."""
    open_members = {name: _OpenMember(member) for name, member in before.members.items()}
    errors: list[tuple[str, float]] = []
    sky, until = before.sky, before.until
    for one in seen:
        until = one.end
        hours = (one.end - one.start).total_seconds() / 3600.0
        spot = spot_at(one.start + (one.end - one.start) / 2, panel)
        if spot is None:
            continue
        given_kw = min(max(one.given_kw, 0.0), panel.peak_kw)
        blend_kw = before.blended_kw(one.forecast_kw, spot, one.lead_h, panel)
        error = (given_kw - blend_kw) / scale_kw(spot, panel)
        errors.append((situation_of(blend_kw, spot, one.lead_h, panel), error))
        for name, value_kw in {**one.forecast_kw, SKY: before.sky_share * spot.clear_kw}.items():
            missed = (before.calibrated_kw(name, value_kw, spot, panel) - given_kw) / panel.peak_kw
            member = open_members.setdefault(name, _OpenMember(Member()))
            if missed < 0.0 or given_kw < AT_LIMIT * panel.peak_kw:
                member.learn(spot.place, [kw / panel.peak_kw for kw in (value_kw, spot.clear_kw, given_kw)], hours)
            member.judge(_lead(one.lead_h), missed * missed)
        kept = max(0.0, 1.0 - hours / SKY_MEMORY_H)
        sky = (sky[0] * kept + given_kw * hours, sky[1] * kept + spot.clear_kw * hours)
    members = {name: member.closed() for name, member in open_members.items()}
    return replace(before, members=members, errors=before.errors.learned(errors), sky=sky, until=until)


class _OpenMember:
    """A member while it learns."""

    def __init__(self, member: Member) -> None:
        self._total = member.total
        self._places = dict(member.places)
        self._squares = dict(member.squares)

    def learn(self, place: str, shares: Sequence[float], hours: float) -> None:
        """`shares` of the peak: forecast, clear sky, given."""
        forecast, clear, given = shares
        new = (forecast * forecast, forecast * clear, clear * clear, forecast * given, clear * given)
        self._total = _added(self._total, new, hours, TOTAL_MEMORY_H)
        self._places[place] = _added(self._places.get(place, NOTHING), new, hours, MEMORY_H)

    def judge(self, lead: str, square: float) -> None:
        kept = 1.0 - 1.0 / BLEND_MEMORY
        before, weight = self._squares.get(lead, (0.0, 0.0))
        self._squares[lead] = (before * kept + square, weight * kept + 1.0)

    def closed(self) -> Member:
        return Member(total=self._total, places=self._places, squares=self._squares)


def _added(sums: Sums, new: Sums, hours: float, memory_h: float) -> Sums:
    kept = max(0.0, 1.0 - hours / memory_h)
    return (
        sums[0] * kept + new[0] * hours,
        sums[1] * kept + new[1] * hours,
        sums[2] * kept + new[2] * hours,
        sums[3] * kept + new[3] * hours,
        sums[4] * kept + new[4] * hours,
    )


def _fit(sums: Sums, prior: Line) -> Line:
    """Ridge regression towards `prior`: (S + r I) x = s + r prior, by Cramer's rule."""
    ff, fc, cc = sums[0] + RIDGE, sums[1], sums[2] + RIDGE
    fy, cy = sums[3] + RIDGE * prior[0], sums[4] + RIDGE * prior[1]
    determinant = ff * cc - fc * fc
    return (fy * cc - cy * fc) / determinant, (cy * ff - fy * fc) / determinant


def scale_kw(spot: Spot, panel: Panel) -> float:
    """What errors are relative to."""
    return max(spot.clear_kw, LEAST_SHARE * panel.peak_kw)


def situation_of(value_kw: float, spot: Spot, lead_h: float, panel: Panel) -> str:
    """The class of errors that a forecast belongs to."""
    if spot.clear_kw < LEAST_SHARE * panel.peak_kw:
        return f"{_lead(lead_h)}/low sun"
    return f"{_lead(lead_h)}/{min(int(value_kw / spot.clear_kw * CLEARNESS), CLEARNESS)}"


def _lead(lead_h: float) -> str:
    return str(sum(lead_h > bound for bound in LEADS_H))
