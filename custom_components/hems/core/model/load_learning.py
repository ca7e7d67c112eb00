"""What the engine is asked and answers about the household's load: its past, what was learned, what is to come."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .checks import as_utc, at_least, finite, named, within
from .health import InputHealth
from .series import Series
from .value import Value

STEPS_S = (900, 1800, 3600)
MOST_VALUES = 40_000
"""A year in quarters of an hour, and some weeks."""
LEAST_KNOWN = timedelta(days=1)
MOST_AHEAD_H = 72
_HOME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MOST_KW = 1e4
_YEARS = (2000, 2100)

type Values = tuple[float | None, ...]
"""One value a step; None where nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Value):
    """A time in which nobody is at home, past or to come."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _moment("away", "start", self.start))
        object.__setattr__(self, "end", _moment("away", "end", self.end))
        if self.end <= self.start:
            raise ValueError(f"away: end must be after start, got {self.start.isoformat()} to {self.end.isoformat()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OddDays(Value):
    """What sets days apart, past and to come."""

    holidays: tuple[date, ...] = ()
    """Local days that are lived like a weekend."""
    away: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledLoad(Value):
    """The measured power of a device that HEMS plans by itself and that `load_kw` contains."""

    name: str
    power_kw: Values

    def __post_init__(self) -> None:
        named("controlled", self.name)
        _all_finite(f"controlled {self.name}", "power_kw", self.power_kw, _MOST_KW)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHistory(Value):
    """The load of a home in equal steps of elapsed time, with what is known about the days."""

    time_zone: str
    """IANA name; people live by its clock."""
    start: datetime
    """Of the first value, on a full step."""
    step_s: Literal[900, 1800, 3600]
    load_kw: Values
    controlled: tuple[ControlledLoad, ...] = ()
    """Taken out of `load_kw`; where one of them is unknown, so is the rest."""
    outdoor_c: Values = ()
    """By the same steps; may go on beyond the load as far as a forecast reaches. Empty: not known."""
    away: tuple[Absence, ...] = ()
    holidays: tuple[date, ...] = ()
    """Lived like a weekend."""

    def __post_init__(self) -> None:
        _zone(self.time_zone)
        object.__setattr__(self, "start", _moment("history", "start", self.start))
        if self.step_s not in STEPS_S:
            raise ValueError(f"history: step_s must be one of {STEPS_S}, got {self.step_s}")
        if self.start.timestamp() % self.step_s:
            raise ValueError(f"history: start must be on a full step of {self.step_s} s, got {self.start.isoformat()}")
        if not 1 <= len(self.load_kw) <= MOST_VALUES:
            raise ValueError(f"history: load_kw must have 1 to {MOST_VALUES} values, got {len(self.load_kw)}")
        _all_finite("history", "load_kw", self.load_kw, _MOST_KW)
        _all_finite("history", "outdoor_c", self.outdoor_c, 100.0)
        steps_ahead = MOST_AHEAD_H * 3600 // self.step_s
        if self.outdoor_c and not 0 <= len(self.outdoor_c) - len(self.load_kw) <= steps_ahead:
            raise ValueError(
                f"history: outdoor_c must have as many values as load_kw ({len(self.load_kw)}) and at most "
                f"{steps_ahead} more, got {len(self.outdoor_c)}"
            )
        for device in self.controlled:
            if len(device.power_kw) != len(self.load_kw):
                raise ValueError(
                    f"history: controlled {device.name} must have {len(self.load_kw)} values as load_kw has, "
                    f"got {len(device.power_kw)}"
                )
        known_h = sum(value is not None for value in self.load_kw) * self.step_s / 3600
        if known_h < LEAST_KNOWN / timedelta(hours=1):
            raise ValueError(f"history: load_kw must be known for at least one day, got {known_h:g} h")

    @property
    def step(self) -> timedelta:
        """The length of one value."""
        return timedelta(seconds=self.step_s)

    @property
    def end(self) -> datetime:
        """When the last value of the load ceases to hold."""
        return self.start + self.step * len(self.load_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnLoadRequest(Value):
    """Learn how this home uses energy from up to a year of it."""

    home: str
    """Under which name it is kept: lower-case letters, digits, - and _."""
    history: LoadHistory

    def __post_init__(self) -> None:
        _home(self.home)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadForecastRequest(Value):
    """What will this home use from the end of `history` on?"""

    home: str
    history: LoadHistory
    """The last weeks: 5 or more serve every method."""
    hours: int = 48

    def __post_init__(self) -> None:
        _home(self.home)
        if not 1 <= self.hours <= MOST_AHEAD_H:
            raise ValueError(f"request: hours must be between 1 and {MOST_AHEAD_H}, got {self.hours}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodScore(Value):
    """How far off one method was on recent days, one day ahead, knowing only what was known then."""

    method: str
    mae_kw: float
    """Mean absolute error."""
    origins: int
    """Forecasts that were compared."""

    def __post_init__(self) -> None:
        named("score", self.method)
        at_least("score", "mae_kw", self.mae_kw, 0.0)
        at_least("score", "origins", self.origins, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLoad(Value):
    """What is kept of a home."""

    home: str
    until: datetime
    """The end of the history it was learned from."""
    rows: int
    """Examples it was learned from."""
    cpu_s: float
    """Spent on learning it."""
    made_with: str
    """The library and its version."""
    scores: tuple[MethodScore, ...] = ()
    """Of all methods on the last two weeks of that history, which were kept from the learned one for this."""
    unchanged: bool = False
    """The same history had been learned before; nothing was done."""
    health: tuple[InputHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadForecast(Value):
    """The load to come and how it was found."""

    load_kw: Series
    """The median (P50), with the quantiles 0.1, 0.5 and 0.9: the values of the smallest absolute error."""
    expected_kw: tuple[float, ...]
    """The mean of what may come, by the same times: loads are skewed, so it lies above the median."""
    method: str
    """The one that recent days speak for; the learned one unless another was clearly better, never behind the mean."""
    scores: tuple[MethodScore, ...] = ()
    """Best first."""
    learned_until: datetime | None = None
    """The end of the history that the learned method knows; None where there is none."""
    health: tuple[InputHealth, ...] = ()


def _moment(owner: str, field: str, value: datetime) -> datetime:
    moment = as_utc(owner, field, value)
    within(owner, f"year of {field}", moment.year, *_YEARS)
    return moment


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"history: time_zone must be an IANA name such as Europe/Paris, got {name!r}") from error


def _home(name: str) -> None:
    if not _HOME.fullmatch(name):
        raise ValueError(f"request: home must be 1 to 64 of a-z, 0-9, - and _, got {name!r}")


def _all_finite(owner: str, field: str, values: Values, most: float) -> None:
    for value in values:
        if value is not None:
            finite(owner, field, value)
            if abs(value) > most:
                raise ValueError(f"{owner}: {field} must be between {-most:g} and {most:g}, got {value:g}")
