"""What the home's InfluxDB should be, and where its copy goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
import re
from urllib.parse import urlsplit

from ..broker_files import public_key_text
from ..certificates import authorities

RAW = "hems"
QUARTERS = "hems_15m"
DAY_S = 86_400
MIN_QUEUE_BYTES = 33_554_430
"""InfluxDB's own least."""
MAX_AGE_S = 5_184_000
"""InfluxDB's own most."""
_IDENTITY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOptions:
    """The home's own InfluxDB."""

    url: str
    secrets: Path
    """Where `agent/` and `grafana/` are."""
    state: Path
    """A directory of the agent's that outlives restarts."""
    org: str = "hems"
    user: str = "hems"
    raw_days: int = 30
    quarters_days: int = 3 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """The fleet's InfluxDB. Raises ValueError naming the variable that is wrong."""

    url: str
    org: str
    """Its ID of 16 hexadecimal digits, or its name where the token may look it up."""
    bucket: str
    token: str = field(repr=False)
    ca: str = ""
    """PEM of the only certificates to trust; the public ones where empty. InfluxDB itself is told by its entrypoint."""
    source: str = QUARTERS
    """The home's bucket that is copied."""
    queue_bytes: int = 256 * 1024 * 1024
    max_age_s: int = 30 * DAY_S
    """What waits longer in the queue is given up; 0 would mean seven days."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("FLEET_INFLUX_URL must be http(s)://host[:port], without a password or a query")
        for name in ("org", "bucket", "token"):
            value = getattr(self, name)
            if not value or not value.isprintable():
                raise ValueError(f"FLEET_INFLUX_{name.upper()} is missing")
        if self.source not in {RAW, QUARTERS}:
            raise ValueError(f"FLEET_INFLUX_SOURCE must be {RAW} or {QUARTERS}")
        if not 60 <= self.max_age_s <= MAX_AGE_S:
            raise ValueError("FLEET_INFLUX_MAX_AGE_DAYS must be between 1 and 60")

    @property
    def org_id(self) -> str | None:
        """The organisation, if it is given by its ID."""
        return self.org if _IDENTITY.fullmatch(self.org) else None


def refused_copy(variables: Mapping[str, str]) -> str:
    """Why there must be no copy, although FLEET_INFLUX_* ask for one: what InfluxDB sends cannot be sealed."""
    asked = any(variables.get(f"FLEET_INFLUX_{name}", "").strip() for name in ("URL", "ORG", "BUCKET", "TOKEN"))
    if not asked or not public_key_text(variables) or variables.get("FLEET_INFLUX_PLAIN", "").strip() == "on":
        return ""
    return (
        "no copy to the fleet's InfluxDB: it would not be sealed, and FLEET_PUBLIC_KEY is set; set FLEET_INFLUX_PLAIN "
        "to on to send it all the same, or take FLEET_INFLUX_* away"
    )


def fleet_of(variables: Mapping[str, str]) -> FleetOptions | None:
    """What FLEET_INFLUX_* ask for; None where none of the four is set. Raises ValueError naming what is wrong."""
    url, org, bucket, token = (
        variables.get(f"FLEET_INFLUX_{name}", "").strip() for name in ("URL", "ORG", "BUCKET", "TOKEN")
    )
    if not (url or org or bucket or token):
        return None
    if not url:
        raise ValueError("FLEET_INFLUX_URL is missing")
    return FleetOptions(
        url=url.rstrip("/"),
        org=org,
        bucket=bucket,
        token=token,
        ca=_ca(variables),
        source=variables.get("FLEET_INFLUX_SOURCE", "").strip() or QUARTERS,
        queue_bytes=_number(variables, "FLEET_INFLUX_QUEUE_MB", 256, 34, 100_000) * 1024 * 1024,
        max_age_s=_number(variables, "FLEET_INFLUX_MAX_AGE_DAYS", 30, 1, 60) * DAY_S,
    )


def _ca(variables: Mapping[str, str]) -> str:
    try:
        return authorities(variables.get("FLEET_INFLUX_CA", ""))
    except ValueError as err:
        raise ValueError(f"FLEET_INFLUX_CA is {err}") from err


def _number(variables: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = variables.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{name} must be a whole number between {least} and {most}")
    return int(text)
