"""Measurements of one asset at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from ..model.value import Value
from .quantities import Kind, Measured
from .reading import adapter_of, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry(Value):
    """What was measured; the topic says of which asset."""

    schema: Literal[1] = 1
    """Version of the message."""
    time: AwareDatetime | None = None
    """Of the measurement, not of the sending; None: of its arrival, for sensors without a clock."""
    site: Annotated[str, Field(min_length=1, max_length=64)]
    """Name of the site; a home may have several."""
    kind: Kind
    values: Annotated[Mapping[str, float], Measured()]
    """By quantity; what is not known is left out."""


adapter_of(Telemetry)


def read_telemetry(payload: bytes | bytearray | str) -> Telemetry:
    """JSON as measurements; some microseconds each.

    Raises:
        ExchangeError: it is not a valid message; the error says what to send instead.
    """
    return read(Telemetry, payload)
