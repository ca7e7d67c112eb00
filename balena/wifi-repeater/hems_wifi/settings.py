"""What the operator asked for, or what is missing for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD_FILE = "/secrets/wifi-repeater/password"  # noqa: S105  # where it is, not what it is
SHORTEST, LONGEST = 8, 63
"""Characters of a WPA2 password."""
LONGEST_NAME_BYTES = 32


class Missing(Exception):
    """The access point stays off; the text says what it would need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The network to offer."""

    name: str
    password: str = field(repr=False)
    interface: str | None = None
    """The radio to use; None: the first one that is not the way to the internet."""


def read(variables: Mapping[str, str]) -> Network:
    """The network of WIFI_AP_NAME, WIFI_AP_INTERFACE and the password in the file WIFI_AP_PASSWORD_FILE.

    Raises:
        Missing: no name, or no password that WPA2 allows. There is no default for either.
    """
    name = variables.get("WIFI_AP_NAME", "")
    secret = Path(variables.get("WIFI_AP_PASSWORD_FILE", PASSWORD_FILE))
    password = secret.read_text("utf-8").strip() if secret.exists() else ""
    if not name:
        raise Missing("off: WIFI_AP_NAME is not set")
    if len(name.encode()) > LONGEST_NAME_BYTES:
        raise Missing(f"WIFI_AP_NAME has more than {LONGEST_NAME_BYTES} bytes")
    if not password:
        raise Missing("off: WIFI_AP_PASSWORD is not set, or was refused")
    if not SHORTEST <= len(password) <= LONGEST or not password.isascii() or not password.isprintable():
        raise Missing(f"WIFI_AP_PASSWORD must have {SHORTEST} to {LONGEST} characters of printable ASCII")
    return Network(name=name, password=password, interface=variables.get("WIFI_AP_INTERFACE") or None)
