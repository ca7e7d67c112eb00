"""What Mosquitto reads: its password file, its access list and its bridge to the fleet's broker."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import hmac
import re
import secrets

ITERATIONS = 10_000
"""About 10 ms of a Raspberry Pi 4 at each connection; the generated passwords need none, a person's does."""
_SALT_BYTES = 12
_KEY_BYTES = 64
_WORD = re.compile(r"[A-Za-z0-9._:@-]{1,200}")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]{0,200}")
_SPACE = re.compile(r"\s", re.ASCII)
LEAVING = (("telemetry/#", 0), ("plan", 1), ("status", 1), ("events/state/#", 1))
"""What the fleet is told, below hems/<home>/, and with what quality of service.

Measurements are for looking at live: a queue of them would keep an answer to the grid from getting through.
"""
_LEAVING_SEALED = (("sealed/telemetry/#", 0), ("sealed/plan", 1), ("sealed/status", 1), ("sealed/events/#", 1))
"""The same, where the agent has sealed it."""


def hashed(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """A password as Mosquitto 2 keeps it: `$7$iterations$salt$key`, PBKDF2 with SHA-512, base64 (mosquitto_passwd)."""
    salt = salt if salt is not None else secrets.token_bytes(_SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, _KEY_BYTES)
    return f"$7${iterations}${b64encode(salt).decode()}${b64encode(key).decode()}"


def matches(password: str, kept: str) -> bool:
    """Whether this is the password behind a line of the password file; a line that cannot be read matches none."""
    try:
        _, kind, iterations, salt, _ = kept.split("$")
        again = hashed(password, b64decode(salt, validate=True), int(iterations))
    except ValueError, Base64Error:
        return False
    return kind == "7" and hmac.compare_digest(again, kept)


def password_file(passwords: Mapping[str, str], before: str | None) -> str:
    """One line a user; a line that still fits keeps its salt, so that a second boot changes nothing."""
    kept = dict(line.split(":", 1) for line in (before or "").splitlines() if ":" in line)
    lines = (
        f"{user}:{kept[user] if matches(password, kept.get(user, '')) else hashed(password)}\n"
        for user, password in passwords.items()
    )
    return "".join(lines)


def access_list(home: str) -> str:
    """What each user may do. Nobody else may do anything."""
    return f"""\
# Home Assistant carries the integration and whatever else the household connects.
user homeassistant
topic readwrite #
topic read $SYS/#

user agent
topic read hems/{home}/#
topic write hems/{home}/stack/#
topic write hems/{home}/sealed/#
# The device "HEMS stack" in Home Assistant.
topic write homeassistant/device/hems-stack-{home}/config
topic read $SYS/#

# Demand-response scripts.
user dr
topic write hems/{home}/events/request
topic write hems/{home}/events/cancel
topic read hems/{home}/events/state/#
topic read hems/{home}/plan
topic read hems/{home}/flexibility
topic read hems/{home}/status

# Meters and other devices that publish by themselves.
user sensors
topic write hems/{home}/telemetry/#
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The fleet's broker. Raises ValueError for what would not be one word of Mosquitto's configuration."""

    host: str
    port: int
    user: str
    password: str
    prefix: str
    """Before `hems/<home>/` on the fleet's side, with its slash; may be empty."""
    own_ca: bool
    """Trust only the CA in fleet-ca.crt instead of the public ones."""
    sealed: bool = False
    """Send nothing of the household but what the agent has sealed."""

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.host):
            raise ValueError("FLEET_MQTT_HOST is not a host name or an address")
        if not 0 < self.port < 65536:
            raise ValueError("FLEET_MQTT_PORT is not a port")
        if not _WORD.fullmatch(self.user):
            raise ValueError("FLEET_MQTT_USER must be letters, digits and . _ : @ -")
        if not self.password or not self.password.isprintable() or self.password != self.password.strip():
            raise ValueError("FLEET_MQTT_PASSWORD is missing, or has spaces at its ends, or does not print")
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("FLEET_MQTT_PREFIX must be letters, digits and . _ / -")


def is_bridged(variables: Mapping[str, str]) -> bool:
    """Whether the variables ask for a bridge."""
    return bool(variables.get("FLEET_MQTT_HOST", "").strip())


def bridge_session(home: str, *, sealed: bool) -> str:
    """The bridge's name at the home's broker.

    Two names: what waits in the session of a bridge that sent in plain must not be sent by one that is to send sealed.
    """
    return f"fleet-sealed-{home}" if sealed else f"fleet-{home}"


def bridge_of(variables: Mapping[str, str], home: str) -> Bridge | None:
    """The bridge that the variables ask for, if any. Raises ValueError naming the variable that is wrong."""
    if not is_bridged(variables):
        return None
    host = variables["FLEET_MQTT_HOST"].strip()
    port = variables.get("FLEET_MQTT_PORT", "").strip() or "8883"
    prefix = variables.get("FLEET_MQTT_PREFIX", "").strip("/ ")
    return Bridge(
        host=host,
        port=int(port) if port.isdecimal() else 0,
        user=variables.get("FLEET_MQTT_USER", "").strip() or home,
        password=variables.get("FLEET_MQTT_PASSWORD", ""),
        prefix=f"{prefix}/" if prefix else "",
        own_ca=bool(variables.get("FLEET_MQTT_CA", "").strip()),
        sealed=_is_sealed(variables),
    )


def public_key_text(variables: Mapping[str, str]) -> str:
    """FLEET_PUBLIC_KEY without the white space that came in with it."""
    return _SPACE.sub("", variables.get("FLEET_PUBLIC_KEY", ""))


def _is_sealed(variables: Mapping[str, str]) -> bool:
    """Raises ValueError for a key that is not one: then there must be no bridge."""
    if not public_key_text(variables):
        return False
    from .sealing import public_key_of  # noqa: PLC0415  # 10 MB that other homes do without

    return public_key_of(variables) is not None


def bridge_mark(variables: Mapping[str, str]) -> str:
    """The line by which Mosquitto's entrypoint knows a bridge of an earlier FLEET_PUBLIC_KEY, or of none."""
    key = public_key_text(variables).encode(errors="surrogateescape")
    return f"# FLEET_PUBLIC_KEY {hashlib.sha256(key).hexdigest()[:16]}\n"


def bridge_file(bridge: Bridge | None, home: str, folder: str) -> str:
    """Mosquitto's configuration of the bridge; `folder` is where Mosquitto finds these files."""
    if bridge is None:
        return "# No bridge: FLEET_MQTT_HOST is not set.\n"
    trust = (
        f"bridge_cafile {folder}/fleet-ca.crt" if bridge.own_ca else "bridge_cafile /etc/ssl/certs/ca-certificates.crt"
    )
    there = f"{bridge.prefix}hems/{home}/"
    out = _LEAVING_SEALED if bridge.sealed else LEAVING
    back = ("events/request", "events/cancel")
    topics = [f"topic {topic} out {qos} hems/{home}/ {there}" for topic, qos in out]
    topics += [f"topic {topic} in 1 hems/{home}/ {there}" for topic in back]
    return "\n".join(
        [
            "connection fleet",
            f"address {bridge.host}:{bridge.port}",  # brackets around IPv6 would be part of the name
            f"remote_clientid {home}",
            f"local_clientid {bridge_session(home, sealed=bridge.sealed)}",
            f"remote_username {bridge.user}",
            f"remote_password {bridge.password}",
            trust,
            "bridge_insecure false",
            "bridge_tls_version tlsv1.2",
            "bridge_protocol_version mqttv311",
            "try_private true",
            "cleansession false",
            "start_type automatic",
            "restart_timeout 5 300",
            "keepalive_interval 60",
            "notifications true",
            "notifications_local_only true",
            *topics,
            "",
        ]
    )
