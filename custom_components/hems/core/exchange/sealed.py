"""Any other message, as it leaves a home whose fleet has a public key: only the holder of its private key reads it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from ..model.value import Value
from .reading import adapter_of, read

LARGEST_BYTES = 262_144
"""What the brokers take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed(Value):
    """Stands under `hems/<home>/sealed/…`; docs/mqtt.md says how it is made."""

    schema: Literal[1] = 1
    """Version of the message, and of the way that it is sealed."""
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Id of the public key that it is sealed for."""
    sealed: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=LARGEST_BYTES)]
    """Base64 of the encapsulated key (32 bytes) and the cipher text."""


adapter_of(Sealed)


def read_sealed(payload: bytes | bytearray | str) -> Sealed:
    """JSON as a sealed message; nothing is opened here.

    Raises:
        ExchangeError: it is not a valid message.
    """
    return read(Sealed, payload, LARGEST_BYTES)
