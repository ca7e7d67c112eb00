"""What a grid operator or a demand-response script asks of the home for a time.

Read from a message, so that the bounds of each field stand beside its type and reach the published schema.
Words: *level up* asks for more consumption, *level down* for less. That is FlexiHome's use, and the reverse of
the grid's words for regulation, where up means more for the grid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from .checks import as_utc
from .value import Kinded, Value

MOST_KW = 1000.0
"""No home exchanges more; whoever says more means watts."""
LONGEST_S = 7 * 24 * 3600
"""An event that lasts longer is a contract: it belongs into the home's configuration."""

EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""It becomes part of a topic, so that it may hold neither slashes nor wildcards."""
AssetName = Annotated[str, Field(min_length=1, max_length=64)]
LimitKw = Annotated[float, Field(ge=0.0, le=MOST_KW)]
PowerKw = Annotated[float, Field(ge=-MOST_KW, le=MOST_KW)]


class EventState(StrEnum):
    """Where an event is in its life."""

    ACCEPTED = "accepted"
    """Its time is to come."""
    ACTIVE = "active"
    """It is being obeyed."""
    DONE = "done"
    CANCELLED = "cancelled"
    OPTED_OUT = "opted_out"
    """The household does not take part."""
    REFUSED = "refused"
    """It was never accepted; the reason says why."""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in (EventState.ACCEPTED, EventState.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRequest(Kinded):
    """One event, told apart by `kind`."""

    schema: Literal[1] = 1
    """Version of the message."""
    id: EventId
    """Chosen by whoever asks; a second request with the same id is refused."""
    start: AwareDatetime | None = None
    """When it begins; None: at once."""
    duration_s: Annotated[int, Field(gt=0, le=LONGEST_S)]
    """How long it lasts."""
    expires: AwareDatetime | None = None
    """A request that arrives later than this is refused; None: it counts until the event would be over."""
    home: str | None = None
    """The home that is meant; a home with another id refuses. None: whichever gets the message."""
    reason: Annotated[str, Field(max_length=200)] = ""
    """For people."""

    def __post_init__(self) -> None:
        for field in ("start", "expires"):
            time: datetime | None = getattr(self, field)
            if time is not None:
                object.__setattr__(self, field, as_utc("event", field, time))

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimit(EventRequest):
    """The home draws no more than this from the grid; hard."""

    kind: Literal["import_limit"] = "import_limit"
    limit_kw: LimitKw


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLimit(EventRequest):
    """The home feeds no more than this into the grid; hard."""

    kind: Literal["export_limit"] = "export_limit"
    limit_kw: LimitKw


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(EventRequest):
    """More or less consumption, as far as comfort, deadlines and the devices allow."""

    kind: Literal["level"] = "level"
    direction: Literal["up", "down"]
    """up: consume more, down: consume less."""
    assets: tuple[AssetName, ...] = ()
    """Only these; empty: all, unless `kinds` names some."""
    kinds: tuple[AssetName, ...] = ()
    """Only assets of these kinds, e.g. battery or ev_charger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPoint(EventRequest):
    """A power to be held, of one asset or of the exchange with the grid."""

    kind: Literal["setpoint"] = "setpoint"
    power_kw: PowerKw
    """Positive draws: from the home's bus for an asset, from the grid for the home."""
    asset: AssetName | None = None
    """None: the exchange of the home with the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCancel(Value):
    """An event is taken back."""

    schema: Literal[1] = 1
    id: EventId
