"""The copy to the fleet: a remote and a replication in the home's InfluxDB, made and kept as the variables say.

Nothing is switched on, or over, before the fleet has taken an empty write with the new settings, asked first by the
agent, which sees the exact answer, and then by InfluxDB. What is written until then is copied afterwards.
"""

from collections.abc import Iterable, Mapping
import hashlib
import logging
from typing import Any

from ..influx import NO_ORG, WRITTEN, Influx, InfluxRefused, InfluxUnreachable
from .home import Home
from .memory import Memory
from .options import FleetOptions
from .status import Alert, Trouble, alert_of

_LOGGER = logging.getLogger(__name__)

NAME = "hems-fleet"
_TRIAL = "hems-fleet-trial"


class FleetProvisioner:
    """Compares what is with what should be, and changes only what differs."""

    def __init__(self, influx: Influx, memory: Memory) -> None:
        self._influx = influx
        self._memory = memory
        self.org_id: str | None = None
        """The fleet's organisation, as the remote has it."""

    def replication(self, home: Home) -> dict[str, Any] | None:
        """The replication as InfluxDB shows it now. Raises InfluxUnreachable or InfluxRefused."""
        return self._named("replications", home, NAME)

    def remove(self, home: Home) -> None:
        """The variables ask for no copy, or forbid it: none, and no memory of one."""
        for kind, name in (("replications", NAME), ("remotes", NAME), ("remotes", _TRIAL)):
            if (found := self._named(kind, home, name)) is not None:
                self._influx.send("DELETE", f"/api/v2/{kind}/{found['id']}")
                _LOGGER.info("Removed %s %s: nothing is to be copied", kind, name)
        blank = Memory()
        for slot in Memory.__slots__:
            setattr(self._memory, slot, getattr(blank, slot))

    def provision(self, home: Home, wanted: FleetOptions, now_s: float) -> list[Alert]:
        """Make or correct the copy; why it could not be, if it could not. Raises InfluxUnreachable, InfluxRefused."""
        alerts: list[Alert] = []
        if wanted.url.startswith("http://"):
            alerts.append(
                Alert(Trouble.PLAIN_HTTP, "FLEET_INFLUX_URL is not https: anybody on the way can read the token")
            )
        remote, replication = self._named("remotes", home, NAME), self.replication(home)
        self.org_id = (remote or {}).get("remoteOrgID")
        if replication is None and self._memory.wanted_since_s is None:
            self._memory.wanted_since_s = now_s
        if replication is not None and remote is not None and self._unchanged(remote, wanted):
            return [*alerts, *self._corrected(home, wanted, remote, replication, now_s)]
        fleet = Influx(wanted.url, lambda: wanted.token, ca=wanted.ca)
        try:
            org_id = wanted.org_id or _looked_up(fleet, wanted.org)
            code, message = _asked(fleet, org_id, wanted.bucket)
        finally:
            fleet.close()
        if code != WRITTEN:
            hint = "" if org_id else "; FLEET_INFLUX_ORG is best given by its ID, which needs no right to look it up"
            said = alert_of(code, message)
            return [*alerts, Alert(said.trouble, said.message + hint, said.urgent)] if said else alerts
        remote = self._set_remote(home, wanted, org_id, remote)
        self.org_id = org_id
        if remote is None:
            refused = "InfluxDB itself cannot write to the fleet with these settings, although the agent can"
            return [*alerts, Alert(Trouble.SETTINGS, refused, urgent=True)]
        if replication is None:
            self._create(home, wanted, remote, now_s)
            return alerts
        return [*alerts, *self._corrected(home, wanted, remote, replication, now_s)]

    def _unchanged(self, remote: Mapping[str, Any], wanted: FleetOptions) -> bool:
        return (
            remote.get("remoteURL") == wanted.url
            and (wanted.org_id is None or remote.get("remoteOrgID") == wanted.org_id)
            and self._memory.token_hash == _hash(wanted)
            and not remote.get("allowInsecureTLS")
        )

    def _set_remote(
        self, home: Home, wanted: FleetOptions, org_id: str | None, remote: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """The remote with the new settings, tried under another name first; None if InfluxDB cannot write with them."""
        settings = {
            "remoteURL": wanted.url,
            "remoteAPIToken": wanted.token,
            "allowInsecureTLS": False,
            **({"remoteOrgID": org_id} if org_id else {}),
        }
        for leftover in self._all_named("remotes", home, _TRIAL):
            self._influx.send("DELETE", f"/api/v2/remotes/{leftover['id']}")
        trial = self._influx.send("POST", "/api/v2/remotes", {"name": _TRIAL, "orgID": home.org_id, **settings})
        try:
            body = {"orgID": home.org_id, "remoteID": trial["id"], **_settings(home, wanted)}
            self._influx.send("POST", "/api/v2/replications", body, validate="true")
        except InfluxRefused as err:
            _LOGGER.warning("InfluxDB refuses the settings of the copy: %s", err.message)
            return None
        finally:
            self._influx.send("DELETE", f"/api/v2/remotes/{trial['id']}")
        if remote is None:
            body = {"name": NAME, "orgID": home.org_id, **settings}
            remote = self._influx.send("POST", "/api/v2/remotes", body)
        else:
            remote = self._influx.send("PATCH", f"/api/v2/remotes/{remote['id']}", settings)
            _LOGGER.info("The copy goes to %s with the new settings", wanted.url)
        self._memory.token_hash = _hash(wanted)
        return remote

    def _create(self, home: Home, wanted: FleetOptions, remote: Mapping[str, Any], now_s: float) -> None:
        body = {"orgID": home.org_id, "remoteID": remote["id"], **_settings(home, wanted)}
        self._influx.send("POST", "/api/v2/replications", body)
        if self._memory.wanted_since_s is not None:
            self._memory.lose(self._memory.wanted_since_s, now_s)
        self._memory.wanted_since_s = None
        self._memory.synced_s = now_s
        self._memory.failed_seen = 0.0
        _LOGGER.info("The copy of %s to %s is switched on", wanted.source, wanted.url)

    def _corrected(
        self,
        home: Home,
        wanted: FleetOptions,
        remote: Mapping[str, Any],
        replication: Mapping[str, Any],
        now_s: float,
    ) -> list[Alert]:
        settings = {"remoteID": remote["id"], **_settings(home, wanted)}
        if replication["localBucketID"] != settings["localBucketID"]:
            # InfluxDB changes everything but the source. What waited in the old queue is copied afterwards.
            self._influx.send("DELETE", f"/api/v2/replications/{replication['id']}")
            self._memory.wanted_since_s = self._memory.synced_s or now_s
            self._create(home, wanted, remote, now_s)
            return []
        changes = {key: value for key, value in settings.items() if _shown(replication, key) != value}
        changes.pop("name", None)
        if not changes:
            return []
        try:
            self._influx.send("PATCH", f"/api/v2/replications/{replication['id']}", changes, validate="true")
        except InfluxRefused as err:
            message = f"InfluxDB cannot copy with {', '.join(sorted(changes))} as the variables say: {err.message}"
            return [Alert(Trouble.SETTINGS, message, urgent=True)]
        self._influx.send("PATCH", f"/api/v2/replications/{replication['id']}", changes)
        return []

    def _named(self, kind: str, home: Home, name: str) -> dict[str, Any] | None:
        return next(iter(self._all_named(kind, home, name)), None)

    def _all_named(self, kind: str, home: Home, name: str) -> Iterable[dict[str, Any]]:
        found = self._influx.get(f"/api/v2/{kind}", orgID=home.org_id, name=name).get(kind) or []
        return [thing for thing in found if thing.get("name") == name]


def _settings(home: Home, wanted: FleetOptions) -> dict[str, Any]:
    return {
        "name": NAME,
        "localBucketID": home.buckets[wanted.source],
        "remoteBucketName": wanted.bucket,
        "maxQueueSizeBytes": wanted.queue_bytes,
        "maxAgeSeconds": wanted.max_age_s,
        # A batch that the fleet can never take would block all that follows.
        "dropNonRetryableData": True,
    }


def _shown(replication: Mapping[str, Any], key: str) -> Any:
    """A setting as it is read back: InfluxDB answers `RemoteBucketName` to `remoteBucketName`."""
    return next((value for name, value in replication.items() if name.casefold() == key.casefold()), None)


def _hash(wanted: FleetOptions) -> str:
    trusted = f"\n{wanted.ca}" if wanted.ca else ""
    return hashlib.sha256(f"{wanted.org}\n{wanted.token}{trusted}".encode()).hexdigest()


def _looked_up(fleet: Influx, org: str) -> str | None:
    """The ID behind a name; None where the token may not ask, or the other side is no InfluxDB."""
    try:
        found = fleet.get("/api/v2/orgs", org=org).get("orgs") or []
    except InfluxRefused, InfluxUnreachable:
        return None
    return str(found[0]["id"]) if found else None


def _asked(fleet: Influx, org_id: str | None, bucket: str) -> tuple[int, str]:
    """What the fleet says to a write of nothing, as InfluxDB would send it."""
    try:
        return fleet.write(org_id or NO_ORG, bucket, ())
    except InfluxUnreachable as err:
        return 0, str(err)
