"""First boot of the home's InfluxDB, and every boot after: set-up, buckets, downsampling, tokens. Idempotent."""

from dataclasses import dataclass
import hashlib
import logging
from pathlib import Path
import secrets
from typing import Any

from ..influx import WRITTEN, Influx, InfluxRefused, rfc3339
from ..late import QUARTER_S
from ..secret_files import write_whole
from .options import DAY_S, QUARTERS, RAW, HomeOptions

_LOGGER = logging.getLogger(__name__)

LAST_VALUES = (
    "imported_kwh",
    "exported_kwh",
    "energy_kwh",
    "cycles",
    "import_cost",
    "export_revenue",
    "cost_today",
    "saving_today",
    "co2_kg",
)
"""Quantities whose mean says nothing: counters, and what is stored."""
TEXTS = ("currency",)
"""Fields without a mean, of measurements that otherwise have one."""
OPERATOR = "hems operator"
_ADMINS = (OPERATOR, "'s Token")
"""Ends of the descriptions of tokens that may do everything: ours, and the one that the set-up makes."""


@dataclass(frozen=True, slots=True)
class Home:
    """What there is after provisioning."""

    org_id: str
    buckets: dict[str, str]
    """ID by name."""


class NotReady(Exception):
    """InfluxDB cannot be provisioned now; the message says why."""


class HomeProvisioner:
    """Makes what is missing and corrects what differs. Raises InfluxUnreachable, InfluxRefused or NotReady."""

    def __init__(self, options: HomeOptions) -> None:
        self._options = options
        self._agent = options.secrets / "agent"
        self.influx = Influx(options.url, lambda: _secret(self._agent / "operator_token"))

    def provision(self) -> Home:
        """Set up, buckets, tasks, tokens; after a rotation of secrets also new tokens and a new password."""
        self._set_up()
        try:
            org_id = self._org()
        except InfluxRefused as err:
            if err.status != 401:
                raise
            self._new_operator_token(
                self.influx.sign_in(self._options.user, _secret(self._agent / "influx_admin_password"))
            )
            org_id = self._org()
        buckets = {
            RAW: self._bucket(org_id, RAW, self._options.raw_days),
            QUARTERS: self._bucket(org_id, QUARTERS, self._options.quarters_days),
        }
        for name, flux in tasks(spread_s(_secret(self._options.secrets / "home-id"))).items():
            self._task(org_id, name, flux)
        if (self._agent / "rotate_influxdb").exists():
            self._rotate(org_id)
        write = [_permission("write", org_id, buckets[RAW])]
        read = [_permission("read", org_id, bucket) for bucket in buckets.values()]
        self._token(org_id, "hems agent write", self._agent / "write_token", write)
        self._token(org_id, "hems grafana read", self._options.secrets / "grafana/influx_read_token", read, mode=0o640)
        return Home(org_id, buckets)

    def downsample_again(self, start_s: float, stop_s: float) -> None:
        """Compute all quarters that a stretch [Unix s] touches again, for points that came late."""
        start, stop = rfc3339(start_s // QUARTER_S * QUARTER_S), rfc3339(-(-stop_s // QUARTER_S) * QUARTER_S)
        self.influx.run(_flux(start, stop), self._options.org)

    def _set_up(self) -> None:
        if not self.influx.healthy():
            raise NotReady("InfluxDB does not answer yet")
        if not self.influx.get("/api/v2/setup")["allowed"]:
            return
        wanted = {
            "username": self._options.user,
            "password": _secret(self._agent / "influx_admin_password"),
            "token": _secret(self._agent / "operator_token"),
            "org": self._options.org,
            "bucket": RAW,
            "retentionPeriodSeconds": self._options.raw_days * DAY_S,
        }
        try:
            self.influx.send("POST", "/api/v2/setup", wanted)
        except InfluxRefused as err:
            if err.status != 422:  # somebody else, or an earlier request of ours, was first
                raise
        _LOGGER.info("InfluxDB is set up")

    def _org(self) -> str:
        return str(self.influx.get("/api/v2/orgs", org=self._options.org)["orgs"][0]["id"])

    def _bucket(self, org_id: str, name: str, days: int) -> str:
        rules = [{"type": "expire", "everySeconds": days * DAY_S}]
        # Asked for by its name, a bucket that is not there would be an error.
        there = self.influx.get("/api/v2/buckets", orgID=org_id, limit="100")["buckets"]
        found = [bucket for bucket in there if bucket["name"] == name]
        if not found:
            made = self.influx.send("POST", "/api/v2/buckets", {"orgID": org_id, "name": name, "retentionRules": rules})
            return str(made["id"])
        kept = [rule.get("everySeconds") for rule in found[0].get("retentionRules", [])]
        if kept != [days * DAY_S]:
            self.influx.send("PATCH", f"/api/v2/buckets/{found[0]['id']}", {"retentionRules": rules})
        return str(found[0]["id"])

    def _task(self, org_id: str, name: str, flux: str) -> None:
        found = self.influx.get("/api/v2/tasks", orgID=org_id, name=name).get("tasks", [])
        if not found:
            self.influx.send("POST", "/api/v2/tasks", {"orgID": org_id, "flux": flux, "status": "active"})
        elif found[0]["flux"] != flux or found[0].get("status") != "active":
            self.influx.send("PATCH", f"/api/v2/tasks/{found[0]['id']}", {"flux": flux, "status": "active"})

    def _token(
        self, org_id: str, description: str, file: Path, permissions: list[dict[str, Any]], mode: int = 0o600
    ) -> None:
        """A token is kept only in its file: InfluxDB hashes it. One that does not work is replaced."""
        if file.is_file() and self._works(file, permissions):
            return
        self._forget(org_id, description)
        wanted = {"orgID": org_id, "description": description, "permissions": permissions}
        made = self.influx.send("POST", "/api/v2/authorizations", wanted)
        write_whole(file, made["token"], mode)

    def _works(self, file: Path, permissions: list[dict[str, Any]]) -> bool:
        kept = Influx(self._options.url, lambda: _secret(file))
        try:
            if permissions[0]["action"] == "write":
                # Some versions mind that there is nothing to write, but not before they have seen who writes it.
                return kept.write(self._options.org, RAW, ())[0] in {WRITTEN, 400}
            for bucket in (RAW, QUARTERS):
                kept.run(
                    f'from(bucket: "{bucket}") |> range(start: {rfc3339(0)}, stop: {rfc3339(1)})', self._options.org
                )
        except InfluxRefused, NotReady:
            return False
        finally:
            kept.close()
        return True

    def _forget(self, org_id: str, description: str) -> None:
        for authorization in self._authorizations(org_id):
            if authorization.get("description") == description:
                self.influx.send("DELETE", f"/api/v2/authorizations/{authorization['id']}")

    def _authorizations(self, org_id: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        found = self.influx.send("GET", "/api/v2/authorizations", headers=headers, orgID=org_id)
        return list(found["authorizations"])

    def _rotate(self, org_id: str) -> None:
        """As init has asked: what only InfluxDB can change. It begins again if it is interrupted."""
        made = self._new_operator_token()
        for authorization in self._authorizations(org_id):
            admin = str(authorization.get("description", "")).endswith(_ADMINS)
            if authorization["id"] != made and admin:
                self.influx.send("DELETE", f"/api/v2/authorizations/{authorization['id']}")
        password = secrets.token_urlsafe(32)
        users = self.influx.get("/api/v2/users", name=self._options.user)["users"]
        self.influx.send("POST", f"/api/v2/users/{users[0]['id']}/password", {"password": password})
        write_whole(self._agent / "influx_admin_password", password)
        for description in ("hems agent write", "hems grafana read"):
            self._forget(org_id, description)
        (self._agent / "rotate_influxdb").unlink()
        _LOGGER.info("InfluxDB's tokens and password are new")

    def _new_operator_token(self, cookie: str | None = None) -> str:
        """A token with the rights of the present one; its ID. `cookie` where the present one is lost."""
        headers = {"Cookie": cookie} if cookie else None
        found = self.influx.send("GET", "/api/v2/orgs", headers=headers, org=self._options.org)
        org_id = found["orgs"][0]["id"]
        admins = [
            authorization
            for authorization in self._authorizations(org_id, headers)
            if str(authorization.get("description", "")).endswith(_ADMINS)
        ]
        if not admins:
            raise NotReady("InfluxDB has no token of an administrator that another could be made after")
        wanted = {"orgID": org_id, "description": OPERATOR, "permissions": admins[-1]["permissions"]}
        made = self.influx.send("POST", "/api/v2/authorizations", wanted, headers=headers)
        write_whole(self._agent / "operator_token", made["token"])
        return str(made["id"])


def spread_s(home: str) -> int:
    """0 to 599 s, always the same for a home: a fleet's database does not hear all homes in the same second."""
    return int(hashlib.sha256(home.encode()).hexdigest()[:8], 16) % 600 if home else 0


def tasks(later_s: int = 0) -> dict[str, str]:
    """Flux by name. Quarters of the last hour every quarter; once a day those of two days, for what came late.

    The limits are cut to whole quarters: a quarter that is seen in part would overwrite one that was seen whole.
    """
    stop = "date.truncate(t: now(), unit: 15m)"
    return {
        name: _flux(f"date.truncate(t: date.sub(d: {back}, from: now()), unit: 15m)", stop, option)
        for name, back, option in (
            ("hems-15m", "1h", f'option task = {{name: "hems-15m", every: 15m, offset: {120 + later_s}s}}'),
            ("hems-15m-late", "2d", 'option task = {name: "hems-15m-late", every: 1d, offset: 3h7m}'),
        )
    }


def _flux(start: str, stop: str, option: str = "") -> str:
    """Powers and temperatures by their mean; counters, states and texts by their last value."""
    last = (
        f"r._field =~ /^({'|'.join((*LAST_VALUES, *TEXTS))})$/"
        ' or r._measurement == "stack" or r._measurement == "feeds" or r._measurement == "events"'
    )
    return f"""\
{'import "date"' if "date." in start else ""}
{option}
points = from(bucket: "{RAW}") |> range(start: {start}, stop: {stop})
points
  |> filter(fn: (r) => not ({last}))
  |> aggregateWindow(every: 15m, fn: mean, createEmpty: false, timeSrc: "_start")
  |> to(bucket: "{QUARTERS}")
  |> yield(name: "means")
points
  |> filter(fn: (r) => {last})
  |> aggregateWindow(every: 15m, fn: last, createEmpty: false, timeSrc: "_start")
  |> to(bucket: "{QUARTERS}")
  |> yield(name: "last values")
"""


def _permission(action: str, org_id: str, bucket_id: str) -> dict[str, Any]:
    return {"action": action, "resource": {"type": "buckets", "id": bucket_id, "orgID": org_id}}


def _secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as err:
        raise NotReady(f"{path} cannot be read: {err.strerror}") from err
