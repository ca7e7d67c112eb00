"""Requests of demand-response scripts, and what they are answered."""

from dataclasses import dataclass
import json
import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from ..model.grid_event import EventCancel, EventId, EventRequest, EventState
from ..model.value import Value
from .reading import adapter_of, read

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnswer(Value):
    """What becomes of an event."""

    schema: Literal[1] = 1
    """Version of the message."""
    id: EventId | None = None
    """None: the message that is answered did not say."""
    state: Annotated[EventState, Field(strict=False)]
    time: AwareDatetime
    """Since when."""
    reason: str = ""
    """Why it was refused, or ended before its time."""


for _message in (EventRequest, EventCancel, EventAnswer):
    adapter_of(_message)


def read_request(payload: bytes | bytearray | str) -> EventRequest:
    """JSON as one of the kinds of requests.

    Raises:
        ExchangeError: it is not a valid message; the error says what to send instead.
    """
    return read(EventRequest, payload)


def read_cancel(payload: bytes | bytearray | str) -> EventCancel:
    """JSON as a cancellation.

    Raises:
        ExchangeError: it is not a valid message.
    """
    return read(EventCancel, payload)


def read_answer(payload: bytes | bytearray | str) -> EventAnswer:
    """JSON as what becomes of an event; an empty payload is none.

    Raises:
        ExchangeError: it is not a valid message.
    """
    return read(EventAnswer, payload)


def id_of(payload: bytes | bytearray | str) -> str | None:
    """The id in a message that cannot be read otherwise, so that it can be answered; None: it has no usable one."""
    try:
        message = json.loads(payload)
    except ValueError, RecursionError:
        return None
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None
