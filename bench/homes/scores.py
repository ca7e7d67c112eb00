"""What a stretch of life cost, in money and as CityLearn counts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .plant import Home, Lived

MONTH_H = 730
"""CityLearn's month: the load factor's window."""
PARTS = ("cost", "carbon", "ramping", "load_factor", "daily_peak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Lower is better in each."""

    cost: float
    """Currency, of what was bought less what was sold."""
    carbon: float
    """kg CO2 of what was bought."""
    ramping: float
    """kW: the sum of all changes of the exchange from step to step."""
    load_factor: float
    """1 - mean / peak of the exchange, the mean over months of 730 h."""
    daily_peak: float
    """kW: the mean of the highest import of each day."""
    unserved_kwh: float
    end_kwh: float
    """Left in the battery; worth nothing to the score."""


def score_of(home: Home, lived: Lived) -> Score:
    """Of one home."""
    part = slice(lived.first, lived.first + len(lived.import_kw))
    buy, sell, co2 = home.import_price[part], home.export_price[part], home.co2_kg_per_kwh[part]
    h = home.step_h
    bought, sold = lived.import_kw, lived.export_kw
    net_kw = [imported - exported for imported, exported in zip(bought, sold, strict=True)]
    return Score(
        cost=h * (_dot(bought, buy) - _dot(sold, sell)),
        carbon=h * _dot(bought, co2),
        **grid_scores(net_kw, h),
        unserved_kwh=h * sum(lived.unserved_kw),
        end_kwh=lived.energy_kwh[-1],
    )


def grid_scores(net_kw: Sequence[float], step_h: float) -> dict[str, float]:
    """What the grid feels of an exchange, of one home or of several together."""
    months = _chunks(net_kw, round(MONTH_H / step_h))
    days = _chunks(net_kw, round(24 / step_h))
    return {
        "ramping": sum(abs(later - earlier) for earlier, later in pairwise(net_kw)),
        "load_factor": sum(1.0 - sum(m) / len(m) / max(m) for m in months if max(m) > 0.0) / len(months),
        "daily_peak": sum(max(0.0, *day) for day in days) / len(days),
    }


def beside(score: Score, base: Score) -> dict[str, float]:
    """Each part as a multiple of the base's, and CityLearn's mean of them: cost, carbon, and ramping with load factor.

    The published grid score is that of a whole district; these are of single homes.
    """
    ratios = {name: getattr(score, name) / getattr(base, name) for name in PARTS if getattr(base, name)}
    grid = (ratios["ramping"] + ratios["load_factor"]) / 2.0
    if "carbon" in ratios:
        ratios["score"] = (ratios["cost"] + ratios["carbon"] + grid) / 3.0
    return ratios


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _chunks(values: Sequence[float], size: int) -> list[Sequence[float]]:
    return [values[i : i + size] for i in range(0, len(values), size)]
