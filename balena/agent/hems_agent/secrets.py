"""First boot: every secret of the stack in one volume, a directory for each consumer that nobody else can read.

Boot after boot leaves what is right alone and makes what is missing, so a first boot that lost its power half-way is
finished by the next. Random secrets have one place that the others are copied from; hashes, access list, bridge and
certificates follow from them and from the variables. `.rotated` is written last: it tells the entrypoints of the
other services, which wait for it, that everything stands, and which value of ROTATE_SECRETS it was made for.

    /secrets/home-id, ca.crt              everybody
            /ca, /people                  nobody: the CA's key; passwords that people type
            /mosquitto, /homeassistant, /engine, /influxdb, /agent, /grafana, /nginx
            /config-editor, /wifi-repeater: volumes of their own, with a mark of their own, for consumers that are
                root as Home Assistant is and see nothing else of this

InfluxDB alone can make its tokens and change its password: after a rotation `agent/rotate_influxdb` asks the
provisioner for that, and the copies for InfluxDB's own container follow at the boot after.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
import re
import secrets
from types import MappingProxyType

from . import broker_files, certificates
from .secret_files import PRIVATE, PUBLIC, Owner, SecretFiles

STACK_OWNERS: Mapping[str, Owner] = MappingProxyType(
    {
        # Nobody runs as 10000: only init, and the host, come at the CA's key and at what people type.
        "ca": Owner(10000, 10000),
        "people": Owner(10000, 10000),
        "mosquitto": Owner(1883, 1883),
        "homeassistant": Owner(0, 0),
        "engine": Owner(10002, 10002),
        "influxdb": Owner(1000, 1000),
        "agent": Owner(10001, 10001),
        # The agent adds the token with which Grafana reads, as only InfluxDB can make it; the bit hands on the group.
        "grafana": Owner(10001, 472, mode=0o2750, files=(472, 472)),
        "nginx": Owner(101, 101),
        "config-editor": Owner(0, 0),
        "wifi-repeater": Owner(0, 0),
    }
)
APART = ("config-editor", "wifi-repeater")
"""Volumes of their own."""
MQTT_USERS: Mapping[str, str] = MappingProxyType(
    {
        "homeassistant": "homeassistant/mqtt_password",
        "agent": "agent/mqtt_password",
        "dr": "people/mqtt_dr_password",
        "sensors": "people/mqtt_sensors_password",
    }
)
"""User of the broker, and where its password is."""
SHORTEST_PASSWORD = 12
"""Characters of a password that an operator sets by a variable."""
_EDITOR_ITERATIONS = 210_000
"""OWASP's advice for PBKDF2 with SHA-512: a person's password, asked for rarely."""
_GENERATED = re.compile(r"[A-Za-z0-9_-]{43}")
_HOME = re.compile(r"h-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class _Secret:
    """A random secret; the first place is the one that the others are copied from."""

    places: tuple[str, ...]
    variable: str | None = None
    """Holds the secret where the operator has set it."""
    kept_by: str = ""
    """Who changes it in a rotation, if first boot cannot; or that nobody does."""

    def valid(self, text: str | None) -> bool:
        if text is None:
            return False
        if self.variable or self.kept_by:
            return len(text) >= SHORTEST_PASSWORD and text.isprintable()
        return _GENERATED.fullmatch(text) is not None


_SECRETS = (
    *(_Secret((MQTT_USERS[user],)) for user in ("homeassistant", "agent")),
    _Secret((MQTT_USERS["dr"],), "MQTT_DR_PASSWORD"),
    _Secret((MQTT_USERS["sensors"],), "MQTT_SENSORS_PASSWORD"),
    _Secret(("engine/token", "homeassistant/engine_token", "agent/engine_token")),
    _Secret(("agent/influx_admin_password", "influxdb/admin_password"), kept_by="the provisioner"),
    _Secret(("agent/operator_token", "influxdb/operator_token"), kept_by="the provisioner"),
    # Retained messages at the fleet's broker are replaced and cleared by their names.
    _Secret(("agent/sealed_names",), kept_by="nobody"),
    _Secret(("grafana/admin_password",), "GRAFANA_ADMIN_PASSWORD"),
    _Secret(("people/config_editor_password",), "CONFIG_EDITOR_PASSWORD"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a boot has done. Holds names, never secrets."""

    home: str
    """The home's pseudonym."""
    written: tuple[str, ...]
    """Files whose content is new."""
    rotated: bool
    problems: tuple[str, ...]
    """Variables that could not be obeyed, and what was done instead."""


def make_secrets(
    directory: Path,
    variables: Mapping[str, str],
    owners: Mapping[str, Owner] | None = STACK_OWNERS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Made:
    """Make what is missing under `directory`, mend what is broken, follow the variables.

    `owners=None` changes no owner, for a test or a stack without containers. A variable that is wrong is named in the
    answer and otherwise treated as if it were not set: the home starts. Raises OpensslMissing.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = SecretFiles(directory, owners)
    for leftover in directory.glob(".new-*"):
        leftover.unlink()
    for consumer in STACK_OWNERS:
        files.folder(consumer)
    boot = _Boot(files, variables, now())
    return boot.make()


@dataclass(slots=True)
class _Boot:
    files: SecretFiles
    variables: Mapping[str, str]
    now: datetime
    problems: list[str] = field(default_factory=list)

    def make(self) -> Made:
        wanted = self.variables.get("ROTATE_SECRETS", "").strip()
        done = self.files.read(".rotated")
        # Taking the variable away asks for nothing.
        rotate = done is not None and bool(wanted) and done.strip() != wanted
        home = self._home()
        if rotate:
            # Asked for before anything changes: a rotation that loses its power is begun again.
            self.files.put("agent/rotate_influxdb", wanted)
        for secret in _SECRETS:
            self._secret(secret, rotate)
        self._editor()
        self._broker(home)
        self._certificates(home, rotate)
        self._fleet_ca()
        self._wifi()
        for consumer in APART:
            self.files.put(f"{consumer}/.rotated", f"{wanted}\n")
        self.files.put(".rotated", f"{wanted}\n", PUBLIC)
        return Made(home, tuple(self.files.written), rotate, tuple(self.problems))

    def _home(self) -> str:
        home = (self.files.read("home-id") or "").strip()
        if not _HOME.fullmatch(home):
            home = f"h-{secrets.token_hex(8)}"
        self.files.put("home-id", f"{home}\n", PUBLIC)
        return home

    def _secret(self, secret: _Secret, rotate: bool) -> None:
        text = self._chosen(secret)
        if text is None and (not rotate or secret.kept_by):
            text = next((found for place in secret.places if secret.valid(found := self.files.read(place))), None)
        if text is None:
            text = secrets.token_urlsafe(32)
        for place in secret.places:
            self.files.put(place, text)

    def _chosen(self, secret: _Secret) -> str | None:
        chosen = self.variables.get(secret.variable, "") if secret.variable else ""
        if not chosen:
            return None
        if secret.valid(chosen):
            return chosen
        self.problems.append(f"{secret.variable} needs at least {SHORTEST_PASSWORD} characters that print; not used")
        return None

    def _editor(self) -> None:
        password = self._need("people/config_editor_password")
        kept = self.files.read("config-editor/password_hash") or ""
        if not broker_files.matches(password, kept.strip()):
            kept = broker_files.hashed(password, iterations=_EDITOR_ITERATIONS)
        self.files.put("config-editor/password_hash", kept)

    def _broker(self, home: str) -> None:
        passwords = {user: self._need(place) for user, place in MQTT_USERS.items()}
        before = self.files.read("mosquitto/passwd")
        self.files.put("mosquitto/passwd", broker_files.password_file(passwords, before))
        self.files.put("mosquitto/acl", broker_files.access_list(home))
        try:
            bridge = broker_files.bridge_of(self.variables, home)
            if bridge is not None and bridge.own_ca:
                self.files.put("mosquitto/fleet-ca.crt", self._authorities("FLEET_MQTT_CA"))
        except ValueError as err:
            self.problems.append(f"no bridge to the fleet: {err}")
            bridge = None
        text = broker_files.bridge_file(bridge, home, str(self.files.root / "mosquitto"))
        self.files.put("mosquitto/bridge.conf", text + broker_files.bridge_mark(self.variables))

    def _certificates(self, home: str, rotate: bool) -> None:
        ca_key, ca = self._ca(home)
        for place in ("ca.crt", "mosquitto/ca.crt"):
            self.files.put(place, ca, PUBLIC if place == "ca.crt" else PRIVATE)
        for service, prefixes, certificate, key in (
            ("mosquitto", ("MQTT_TLS", "TLS"), "mosquitto/server.crt", "mosquitto/server.key"),
            ("nginx", ("TLS",), "nginx/tls.crt", "nginx/tls.key"),
        ):
            pair = self._brought(prefixes) or self._kept(service, ca, certificate, key, rotate)
            if pair is None:
                fresh = certificates.new_key()
                pair = certificates.new_certificate(fresh, ca, ca_key, self._names(service), self.now), fresh
            # A certificate beside another's key is mended by the next boot.
            self.files.put(certificate, pair[0])
            self.files.put(key, pair[1])

    def _ca(self, home: str) -> tuple[str, str]:
        """Key and certificate; both stay in a rotation, so that clients that trust it go on."""
        key, ca = self.files.read("ca/ca.key"), self.files.read("ca/ca.crt")
        if key is None or ca is None or not certificates.fits(key, ca):
            key = certificates.new_key()
            ca = certificates.new_ca(key, f"HEMS {home}", self.now)
        self.files.put("ca/ca.key", key)
        self.files.put("ca/ca.crt", ca)
        return key, ca

    def _brought(self, prefixes: tuple[str, ...]) -> tuple[str, str] | None:
        """The operator's own certificate and key, from the first pair of variables that is set."""
        for prefix in prefixes:
            certificate, key = (self.variables.get(f"{prefix}_{part}", "").strip() for part in ("CERT", "KEY"))
            if not certificate and not key:
                continue
            try:
                pair = certificates.pem(certificate), certificates.pem(key)
            except ValueError as err:
                self._problem(f"{prefix}_CERT and {prefix}_KEY: {err}; a certificate of the home's own CA is used")
                continue
            if certificates.fits(pair[1], pair[0]):
                return pair
            self._problem(
                f"{prefix}_CERT and {prefix}_KEY do not belong together, or end within a month;"
                " a certificate of the home's own CA is used"
            )
        return None

    def _kept(self, service: str, ca: str, certificate: str, key: str, rotate: bool) -> tuple[str, str] | None:
        kept, kept_key = self.files.read(certificate), self.files.read(key)
        if rotate or kept is None or kept_key is None:
            return None
        good = certificates.fits(kept_key, kept) and certificates.signed_for(ca, kept, self._names(service))
        return (kept, kept_key) if good else None

    def _names(self, service: str) -> tuple[str, ...]:
        names = ["hems.local", "homeassistant.local", service, "localhost", "127.0.0.1"]
        if uuid := self.variables.get("BALENA_DEVICE_UUID", ""):
            names.append(f"{uuid[:7]}.local")  # how balenaOS calls itself in the local network
        try:
            return certificates.alternative_names(
                [*names, *self.variables.get("TLS_NAMES", "").replace(",", " ").split()]
            )
        except ValueError as err:
            self._problem(f"TLS_NAMES: {err}; not used")
            return certificates.alternative_names(names)

    def _fleet_ca(self) -> None:
        """Whom InfluxDB trusts for the copy; a mistyped variable leaves it as it was, as it does the copy."""
        try:
            ca = self._authorities("FLEET_INFLUX_CA")
        except ValueError as err:
            self._problem(f"{err}; not used")
            return
        if ca:
            self.files.put("influxdb/fleet-ca.crt", ca)
        else:
            self.files.remove("influxdb/fleet-ca.crt")

    def _authorities(self, variable: str) -> str:
        """Raises ValueError naming the variable."""
        try:
            return certificates.authorities(self.variables.get(variable, ""))
        except ValueError as err:
            raise ValueError(f"{variable} is {err}") from err

    def _wifi(self) -> None:
        """The password of the access point, if the operator has set one that WPA2 takes."""
        password = self.variables.get("WIFI_AP_PASSWORD", "")
        if not password:
            self.files.remove("wifi-repeater/password")
        elif 8 <= len(password) <= 63 and password.isascii() and password.isprintable():
            self.files.put("wifi-repeater/password", password)
        else:
            self._problem("WIFI_AP_PASSWORD needs 8 to 63 ASCII characters; the access point stays off")
            self.files.remove("wifi-repeater/password")

    def _need(self, place: str) -> str:
        text = self.files.read(place)
        if text is None:
            raise RuntimeError(f"{place} vanished while it was used")
        return text

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)
