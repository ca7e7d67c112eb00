"""From a message to lines in one pass: read strictly, each value once, everything dropped is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
import logging
from typing import Protocol

from hems_core.exchange import EventAnswer, ExchangeError, PlanMessage, Topics, read_plan, read_telemetry
from hems_core.exchange.reading import read

from .lines import head, point
from .plans import event_line, forecast_lines, hour_ahead, plan_lines

_LOGGER = logging.getLogger(__name__)

MAX_SERIES = 20_000
"""A sensor that makes up names must not fill the memory, nor the database."""
AHEAD_MS = 5 * 60_000
"""A time beyond this would make every right one after it look old."""
EARLIEST_MS = 1_577_836_800_000
"""2020: what is older was measured by a clock that was never set."""
LOG_EVERY_MS = 60_000
_FIELDS = frozenset({"schema", "time", "site", "kind", "values", "made", "slots", "assets", "id", "state"})


@dataclass(slots=True)
class Counts:
    """Since the agent started."""

    messages: int = 0
    points: int = 0
    duplicates: int = 0
    """Values that were there already, or older than one that was."""
    bad: dict[str, int] = field(default_factory=dict)
    """Messages by what was wrong: `message` (no JSON), a field, `topic`, `clock`, `series`, `retained`, `overflow`."""

    def count_bad(self, reason: str) -> None:
        """One more."""
        self.bad[reason] = self.bad.get(reason, 0) + 1


@dataclass(slots=True)
class _Series:
    head: str
    newest_ms: int = -1
    at_ms: dict[str, int] = field(default_factory=dict)
    """Newest time by quantity."""


class Heard(Protocol):
    """Who wants to know that a sensor has spoken."""

    def __call__(self, asset: str, time_ms: int, /) -> None:
        """A measurement of this time has arrived."""


class Intake:
    """Messages of one home as lines; `lines` is taken and emptied by its owner."""

    def __init__(
        self,
        home: str,
        heard: Heard,
        *,
        on_event: Callable[[EventAnswer], None] | None = None,
        max_series: int = MAX_SERIES,
    ) -> None:
        self._home, self._heard, self._on_event, self._max_series = home, heard, on_event, max_series
        topics = Topics(home)
        self._telemetry = topics.telemetry("")
        self._plan, self._event_states = topics.plan, f"{topics.event_states}/"
        self._asset_of = topics.asset_of
        self._series: dict[tuple[str, str, str], _Series] = {}
        self._plan_made: datetime | None = None
        self._forecast_hour: datetime | None = None
        self._events: dict[str, tuple[str, datetime]] = {}
        self._logged_ms, self._unlogged = -LOG_EVERY_MS, 0
        self.lines: list[str] = []
        self.counts = Counts()

    def take(self, topic: str, payload: bytes, now_ms: int, *, retained: bool = False) -> None:
        """One message, whatever it holds; it never raises for what a sensor sends."""
        self.counts.messages += 1
        try:
            if topic.startswith(self._telemetry):
                self._take_telemetry(topic, payload, now_ms, retained=retained)
            elif topic == self._plan:
                self._take_plan(payload)
            elif topic.startswith(self._event_states):
                self._take_event(payload)
            else:
                self._drop("topic", topic, "nobody reads this", now_ms)
        except ExchangeError as error:
            where = error.errors[0].field.partition(".")[0]
            reason = where if where in _FIELDS else "unknown field" if where else "message"
            self._drop(reason, topic, str(error), now_ms)
        except ValueError as error:
            # A name that line protocol cannot carry.
            self._drop(str(error).partition(":")[0], topic, str(error), now_ms)

    def _take_telemetry(self, topic: str, payload: bytes, now_ms: int, *, retained: bool) -> None:
        said = read_telemetry(payload)
        values = said.values
        if said.time is None:
            if retained:
                self._drop("retained", topic, "a retained measurement without a time may be of any day", now_ms)
                return
            time_ms = now_ms
        else:
            time_ms = round(said.time.timestamp() * 1000)
            if not EARLIEST_MS <= time_ms <= now_ms + AHEAD_MS:
                self._drop("clock", topic, f"the time {said.time} cannot be", now_ms)
                return
        series = self._series.get((topic, said.site, said.kind))
        if series is None:
            series = self._new_series(topic, said.site, said.kind, now_ms)
            if series is None:
                return
        if said.time is None:
            # What waited in the broker comes within one millisecond, and is no repetition.
            time_ms = max(time_ms, series.newest_ms + 1)
        if time_ms > series.newest_ms:
            series.newest_ms = time_ms
            fresh = values
        else:
            at_ms = series.at_ms
            fresh = {name: value for name, value in values.items() if at_ms.get(name, -1) < time_ms}
            self.counts.duplicates += len(values) - len(fresh)
        if fresh:
            series.at_ms.update(dict.fromkeys(fresh, time_ms))
            self.lines.append(point(series.head, fresh, time_ms))
            self.counts.points += 1
            self._heard(topic[len(self._telemetry) :], time_ms)

    def _new_series(self, topic: str, site: str, kind: str, now_ms: int) -> _Series | None:
        asset = self._asset_of(topic)
        if asset is None:
            self._drop("topic", topic, "no asset has such a name", now_ms)
            return None
        if len(self._series) >= self._max_series:
            self._drop("series", topic, f"there are {self._max_series} series already", now_ms)
            return None
        tags = {"home": self._home, "site": site, "asset": asset, "kind": kind}
        return self._series.setdefault((topic, site, kind), _Series(head("telemetry", tags)))

    def _take_plan(self, payload: bytes) -> None:
        if not payload:
            return
        plan = read_plan(payload)
        if plan.made != self._plan_made:
            lines = plan_lines(self._home, plan)
            self._plan_made = plan.made
            self._keep(lines)
            self._take_forecast(plan)

    def _take_forecast(self, plan: PlanMessage) -> None:
        """The first plan of an hour tells what is expected a day ahead."""
        hour = hour_ahead(plan.made)
        if hour != self._forecast_hour and (lines := forecast_lines(self._home, plan)):
            self._forecast_hour = hour
            self._keep(lines)

    def _take_event(self, payload: bytes) -> None:
        """An empty payload clears an event that is long over."""
        if not payload:
            return
        answer = read(EventAnswer, payload)
        if answer.id is not None and self._events.get(answer.id) != (told := (str(answer.state), answer.time)):
            line = event_line(self._home, answer)
            self._events.pop(answer.id, None)
            self._events[answer.id] = told
            if len(self._events) > MAX_SERIES:
                del self._events[next(iter(self._events))]
            self._keep([line])
            if self._on_event:
                self._on_event(answer)

    def _keep(self, lines: list[str]) -> None:
        self.lines += lines
        self.counts.points += len(lines)

    def _drop(self, reason: str, topic: str, why: str, now_ms: int) -> None:
        self.counts.count_bad(reason)
        self._unlogged += 1
        if abs(now_ms - self._logged_ms) >= LOG_EVERY_MS:
            _LOGGER.warning("%d bad messages dropped, the last one of %.100s: %.300s", self._unlogged, topic, why)
            self._logged_ms, self._unlogged = now_ms, 0
