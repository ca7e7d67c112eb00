"""That the home is there, and what else it says of itself."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from ..model.value import Value
from .reading import adapter_of, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Value):
    """Whether HEMS runs, said anew every minute: one that is older than three minutes is as good as offline."""

    schema: Literal[1] = 1
    """Version of the message."""
    online: bool
    time: AwareDatetime
    version: str | None = None
    """Of HEMS."""
    automatic: bool | None = None
    """Whether HEMS controls the devices; otherwise it only watches, and events are not obeyed."""
    takes_part: bool | None = None
    """Whether the household takes part in events."""
    plan: str | None = None
    """How the last planning ended."""
    event: str | None = None
    """Id of the event that is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flexibility(Value):
    """What the home could do otherwise."""

    schema: Literal[1] = 1
    """Version of the message."""
    available: bool = False
    reason: str = ""
    """Why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement(Value):
    """A stack on the same machine, so that Home Assistant finds it."""

    schema: Literal[1] = 1
    """Version of the message."""
    home: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    time: AwareDatetime
    version: str = ""
    """Of the stack."""
    services: tuple[str, ...] = ()
    """What runs in it."""


for _message in (Status, Flexibility, Announcement):
    adapter_of(_message)


def read_announcement(payload: bytes | bytearray | str) -> Announcement:
    """JSON as an announcement.

    Raises:
        ExchangeError: it is not a valid message.
    """
    return read(Announcement, payload)
