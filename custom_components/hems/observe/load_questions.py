"""What the engine is asked about the load: its hourly history, with all that explains it; for worker threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from ..core.model import Horizon, Series
from ..core.model.load_learning import MOST_AHEAD_H, LearnLoadRequest, LoadForecastRequest, LoadHistory, OddDays
from ..home import Home
from .history import combined
from .readings import power_sign

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is told of the home."""

    history: Series
    past_c: Series | None
    outdoor_c: Series | None
    odd: OddDays


def learned_name(entry_id: str) -> str:
    """Under which an engine keeps what it learns of the home of an entry."""
    return entry_id.lower()


def load_history(home: Home, past: Mapping[str, Series]) -> Series | None:
    """The load's own statistics, or what is left of the meter's without the assets'."""
    bound = home.grid_bindings
    if bound.load_power_entity:
        return past.get(bound.load_power_entity)
    grid = past.get(bound.grid_power_entity or "")
    if grid is None:
        return None
    parts = {"grid": (grid, -1.0 if bound.grid_power_inverted else 1.0)}
    for asset in home.site.assets:
        binding = home.bindings[asset.name]
        if binding.power_entity is None:
            continue
        own = past.get(binding.power_entity)
        if own is None:
            return None
        parts[asset.name] = (own, -power_sign(asset, binding))
    return combined(parts)


def forecast_question(home: Home, name: str, known: Known, horizon: Horizon) -> LoadForecastRequest | str:
    """What will be used over the horizon; a text says why there is nothing to ask."""
    history = known.history
    hours = ceil((horizon.end - history.end) / HOUR)
    if not 1 <= hours <= MOST_AHEAD_H:
        return f"the statistics end at {history.end.isoformat(timespec='minutes')}"
    try:
        told = _history(home, known, hours)
        return LoadForecastRequest(home=name, history=told, hours=hours)
    except ValueError as error:
        return str(error)


def learning_question(
    home: Home, name: str, means: Mapping[str, Series], past_c: Series | None, odd: OddDays
) -> LearnLoadRequest | str:
    """What a year of means teaches; a text says why there is nothing to learn from."""
    history = load_history(home, means)
    if history is None:
        return "its past is not known"
    try:
        known = Known(history=history, past_c=past_c, outdoor_c=None, odd=odd)
        return LearnLoadRequest(home=name, history=_history(home, known, 0))
    except ValueError as error:
        return str(error)


def _history(home: Home, about: Known, hours: int) -> LoadHistory:
    """In hours, with the temperature as far as it is known."""
    history = about.history
    start = history.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    known = (history.end - start) // HOUR
    temperatures = [_known_c(about.past_c, about.outdoor_c, start + HOUR * i) for i in range(known + hours)]
    return LoadHistory(
        time_zone=home.site.time_zone,
        start=start,
        step_s=3600,
        load_kw=tuple(history.at(start + HOUR * i) for i in range(known)),
        outdoor_c=tuple(temperatures) if any(value is not None for value in temperatures) else (),
        away=about.odd.away,
        holidays=about.odd.holidays,
    )


def _known_c(past_c: Series | None, outdoor_c: Series | None, start: datetime) -> float | None:
    measured = past_c.at(start) if past_c is not None else None
    if measured is None and outdoor_c is not None:
        # The forecast begins within this hour.
        return outdoor_c.at(outdoor_c.start if start < outdoor_c.start < start + HOUR else start)
    return measured
