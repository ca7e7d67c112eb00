"""Every variable of the stack, once: what can be set, where, its default and what it does.

docs/stack-variables.md is made of this table, and a test holds compose, entrypoints and .env.example against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .feeds import FeedOptions, feeds_of


@dataclass(frozen=True, slots=True)
class Variable:
    """One that an operator may set, for a fleet or for a device; all are optional."""

    name: str
    meaning: str
    services: tuple[str, ...]
    default: str = ""
    is_secret: bool = False


VARIABLES = (
    Variable("ROTATE_SECRETS", "Any new text makes all secrets of the stack anew at the next start.", ("all",)),
    Variable("TLS_NAMES", "More names and addresses for the certificates that the home makes itself.", ("init",)),
    Variable("TLS_CERT", "Certificate of your own for the web: PEM in base64, with its chain.", ("init",)),
    Variable("TLS_KEY", "Its key: PEM in base64.", ("init",), is_secret=True),
    Variable("MQTT_TLS_CERT", "Certificate of your own for MQTT, where it differs.", ("init",)),
    Variable("MQTT_TLS_KEY", "Its key.", ("init",), is_secret=True),
    Variable("TRUSTED_FRONT", "Addresses of a proxy before this home that ends TLS.", ("nginx",)),
    Variable("MQTT_DR_PASSWORD", "Password of the MQTT user `dr`; made by the home where empty.", ("init",), "", True),
    Variable("MQTT_SENSORS_PASSWORD", "Password of the MQTT user `sensors`; made where empty.", ("init",), "", True),
    Variable("GRAFANA_ADMIN_PASSWORD", "Password of Grafana's `admin`; made where empty.", ("init",), "", True),
    Variable("CONFIG_EDITOR", "`on`: the editor of Home Assistant's files exists.", ("config-editor", "nginx"), "off"),
    Variable("CONFIG_EDITOR_PASSWORD", "Its password; made by the home where empty.", ("init",), "", True),
    Variable("WIFI_AP_NAME", "Name of an access point; off without a name.", ("wifi-repeater",)),
    Variable("WIFI_AP_PASSWORD", "Its password, 8 to 63 characters; off without one.", ("init",), "", True),
    Variable("WIFI_AP_INTERFACE", "The radio to use; the first free one where empty.", ("wifi-repeater",)),
    Variable("FLEET_MQTT_HOST", "The fleet's broker; nothing leaves the home by MQTT without it.", ("init", "agent")),
    Variable("FLEET_MQTT_PORT", "Its TLS port.", ("init",), "8883"),
    Variable("FLEET_MQTT_USER", "The home's user there; the home's id where empty.", ("init",)),
    Variable("FLEET_MQTT_PASSWORD", "Its password.", ("init",), "", True),
    Variable("FLEET_MQTT_PREFIX", "What stands before `hems/<home>/` there.", ("init",)),
    Variable("FLEET_MQTT_CA", "The only CA to trust for it: PEM in base64; public ones where empty.", ("init",)),
    Variable(
        "FLEET_PUBLIC_KEY",
        "What goes to the fleet's broker leaves the home only sealed for this key, of `scripts/fleet-key new`; "
        "in plain where empty.",
        ("init", "agent", "mosquitto"),
    ),
    Variable("FLEET_INFLUX_URL", "The fleet's InfluxDB 2; nothing is replicated without it.", ("agent",)),
    Variable("FLEET_INFLUX_ORG", "Its organisation: ID, or name where the token may look it up.", ("agent",)),
    Variable("FLEET_INFLUX_BUCKET", "Its bucket.", ("agent",)),
    Variable("FLEET_INFLUX_TOKEN", "A token that may write that bucket.", ("agent",), "", True),
    Variable(
        "FLEET_INFLUX_CA",
        "The only CA to trust for it: PEM in base64; public ones where empty.",
        ("init", "agent"),
    ),
    Variable(
        "FLEET_INFLUX_SOURCE",
        "What is copied: `hems_15m` (quarters of an hour) or `hems` (all).",
        ("agent",),
        "hems_15m",
    ),
    Variable(
        "FLEET_INFLUX_PLAIN",
        "`on`: copy to the fleet's InfluxDB, in plain, although `FLEET_PUBLIC_KEY` is set.",
        ("agent",),
    ),
    Variable("FLEET_INFLUX_QUEUE_MB", "How much may wait for the fleet.", ("agent",), "256"),
    Variable("FLEET_INFLUX_MAX_AGE_DAYS", "How long it may wait, 1 to 60 days.", ("agent",), "30"),
    Variable("SPOOL_MB", "How much may wait for the home's own InfluxDB, 8 to 4096.", ("agent",), "256"),
    Variable(
        "FEEDS",
        "Seconds between the values of a sensor, or `off`: `battery=10,old_meter=off`; learned where not said. "
        "Three of them, and at least 30 s, without a value raise an alert.",
        ("agent",),
    ),
    Variable("LOG_LEVEL", "How much the agent writes: `debug`, `info`, `warning` or `error`.", ("agent",), "info"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the agent finds everything; defaults are the stack's own names."""

    secrets: Path = Path("/secrets")
    data: Path = Path("/data")
    wifi_state: Path = Path("/state/wifi.json")
    lock: Path = Path("/tmp/balena/updates.lock")  # noqa: S108  # where balena's Supervisor looks
    mqtt_host: str = "mosquitto"
    mqtt_port: int = 1883
    influx_url: str = "http://influxdb:8086"
    engine_url: str = "http://engine:8124"
    homeassistant_url: str = "http://homeassistant:8123"
    grafana_url: str = "http://grafana:3000"
    nginx_url: str = "http://nginx:8080"
    metrics_port: int = 9273
    spool_mb: int = 256
    feeds: FeedOptions = field(default_factory=FeedOptions)
    log_level: str = "info"
    problems: tuple[str, ...] = ()
    """Variables of an operator's that could not be obeyed."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Settings:
        """From the environment. What an operator has set wrong is named in `problems` and left at its default.

        Raises:
            ValueError: something of the stack's own wiring is wrong; names the variable, its value and what it may be.
        """
        chosen: dict[str, Any] = {}
        problems: list[str] = []
        operators = {one.name for one in VARIABLES}
        for name, (variable, kind) in _FROM.items():
            text = variables.get(variable, "").strip()
            try:
                if text:
                    chosen[name] = kind(variable, text)
            except ValueError as error:
                if variable not in operators:
                    raise
                problems.append(f"{error}; not used")
        return cls(**chosen, problems=tuple(problems))

    @property
    def home(self) -> str:
        """The pseudonym that `init` made."""
        return (self.secrets / "home-id").read_text("utf-8").strip()

    def secret(self, name: str) -> str:
        """One of the agent's own secrets, as it is now; empty while there is none."""
        file = self.secrets / "agent" / name
        return file.read_text("utf-8").strip() if file.exists() else ""


def _path(_: str, text: str) -> Path:
    return Path(text)


def _text(_: str, text: str) -> str:
    return text.rstrip("/")


def _port(variable: str, text: str) -> int:
    return _whole(variable, text, 0, 65535)


def _megabytes(variable: str, text: str) -> int:
    return _whole(variable, text, 8, 4096)


def _whole(variable: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{variable} must be a whole number from {least} to {most}, got {text!r}")
    return int(text)


def _feeds(_: str, text: str) -> FeedOptions:
    return feeds_of(text)


def _level(variable: str, text: str) -> str:
    if text not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"{variable} must be debug, info, warning or error, got {text!r}")
    return text


_FROM = {
    "secrets": ("SECRETS", _path),
    "data": ("DATA", _path),
    "wifi_state": ("WIFI_STATE_FILE", _path),
    "lock": ("UPDATE_LOCK", _path),
    "mqtt_host": ("MQTT_HOST", _text),
    "mqtt_port": ("MQTT_PORT", _port),
    "influx_url": ("INFLUX_URL", _text),
    "engine_url": ("ENGINE_URL", _text),
    "homeassistant_url": ("HOME_ASSISTANT_URL", _text),
    "grafana_url": ("GRAFANA_URL", _text),
    "nginx_url": ("NGINX_URL", _text),
    "metrics_port": ("METRICS_PORT", _port),
    "spool_mb": ("SPOOL_MB", _megabytes),
    "feeds": ("FEEDS", _feeds),
    "log_level": ("LOG_LEVEL", _level),
}
"""All but the last three are the stack's own wiring, which operators leave alone; tests and scripts/stack set them."""
