"""The routes of the stand-in for InfluxDB."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from .points import SECOND_NS, Points, bucket_of
from .quarters import quarters, target_of
from .replication import Replication, metrics_text, post
from .replication import bucket_of as remote_bucket_of

if TYPE_CHECKING:
    from .server import FakeInflux

type Answer = tuple[int, bytes, dict[str, str]]

OPERATOR = [
    {"action": action, "resource": {"type": kind}}
    for kind in ("authorizations", "buckets", "orgs", "remotes", "replications", "tasks", "users")
    for action in ("read", "write")
]
KINDS = ("buckets", "authorizations", "tasks", "remotes", "replications", "orgs", "users")


class Refused(Exception):
    """An answer that is not the one asked for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Call:
    """A request, parsed."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]

    def json(self) -> dict[str, Any]:
        """The body. Raises Refused where it is none."""
        try:
            found: dict[str, Any] = json.loads(self.body or b"{}")
        except ValueError:
            raise Refused(400, "invalid json") from None
        return found


def answer(influx: FakeInflux, call: Call) -> Answer:  # noqa: PLR0911  # a table of routes
    """Open routes first, then those that need a token."""
    match call.method, call.path.removeprefix("/api/v2"):
        case "GET", "/health":
            return _json(200, {"name": "influxdb", "status": "pass", "version": "v2.9.1"})
        case "GET", "/metrics":
            return 200, metrics_text(influx.state.replications, influx.started_s).encode(), {}
        case "GET", "/setup":
            return _json(200, {"allowed": not influx.state.users})
        case "POST", "/setup":
            return _setup(influx, call.json())
        case "POST", "/signin":
            return _sign_in(influx, call)
    rights = influx.rights(call)
    match call.method, call.path.removeprefix("/api/v2"):
        case "POST", "/write":
            return _write(influx, call, rights)
        case "POST", "/query":
            return _query(influx, call, rights)
    parts = call.path.removeprefix("/api/v2/").split("/")
    if parts[0] not in KINDS:
        raise Refused(404, "path not found")
    if rights is not None and (call.method != "GET" or parts[0] not in {"buckets", "orgs"}):
        raise Refused(403 if call.method == "GET" else 401, f"not allowed to {call.method} {parts[0]}")
    return _resource(influx, call, rights, *parts)


def _setup(influx: FakeInflux, wanted: dict[str, Any]) -> Answer:
    if influx.state.users:
        raise Refused(422, "onboarding has already been completed")
    if len(wanted.get("password", "")) < 8:
        raise Refused(400, "passwords must be at least 8 characters long")
    user, org = ({"id": influx.state.new_id(), "name": wanted[key]} for key in ("username", "org"))
    influx.state.users[user["id"]], influx.state.orgs[org["id"]] = user, org
    influx.state.passwords[user["name"]] = wanted["password"]
    seconds = wanted.get("retentionPeriodSeconds", 0)
    rules = [{"type": "expire", "everySeconds": seconds}] if seconds else []
    bucket = new_bucket(influx, org["id"], wanted["bucket"], rules)
    auth = influx.issue(org["id"], OPERATOR, f"{user['name']}'s Token", wanted.get("token"))
    return _json(201, {"user": user, "org": org, "bucket": bucket, "auth": auth})


def _sign_in(influx: FakeInflux, call: Call) -> Answer:
    kind, _, pair = call.headers.get("authorization", "").partition(" ")
    name, _, password = b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
    if not name or influx.state.passwords.get(name) != password:
        raise Refused(401, "unauthorized access")
    session = secrets.token_hex(16)
    influx.state.sessions[session] = name
    return 204, b"", {"Set-Cookie": f"influxdb-oss-session={session}; Path=/api/; HttpOnly"}


def _write(influx: FakeInflux, call: Call, rights: list[dict[str, Any]] | None) -> Answer:
    bucket = _bucket(influx, call.query.get("bucket", ""), rights, "write")
    try:
        store(influx, {**call.query, "bucket": bucket}, call.body.decode(), int(influx.clock() * SECOND_NS))
    except ValueError as err:
        raise Refused(422 if "partial write" in str(err) else 400, str(err)) from err
    return 204, b"", {}


def store(influx: FakeInflux, query: dict[str, str], text: str, now_ns: int) -> None:
    """Into a bucket, and into the queues of what copies it. Raises ValueError."""
    wanted, precision = query["bucket"], query.get("precision", "ns")
    bucket = next((key for key, kept in influx.state.buckets.items() if wanted in {key, kept["name"]}), "")
    influx.state.points[bucket].write(text, precision, now_ns)
    streams = [each for each in influx.state.replications.values() if each.settings["localBucketID"] == bucket]
    if not streams:
        return
    # InfluxDB writes them out again in nanoseconds.
    copy = Points()
    copy.write(text, precision, now_ns)
    if lines := [line_of(*row) for row in copy.rows()]:
        for stream in streams:
            stream.enqueue(lines, influx.clock(), influx.batch_points)


def line_of(series: tuple[str, Any], name: str, time_ns: int, value: object) -> str:
    """Line protocol of one value."""

    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")

    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case float():
            text = repr(value)
        case _:
            text = f"{value}{'u' if type(value) is not int else 'i'}"
    tags = "".join(f",{escaped(key)}={escaped(tag)}" for key, tag in series[1])
    return f"{escaped(series[0])}{tags} {escaped(name)}={text} {time_ns}"


def _query(influx: FakeInflux, call: Call, rights: list[dict[str, Any]] | None) -> Answer:
    asked: dict[str, Any] = (
        call.json() if "json" in call.headers.get("content-type", "") else {"query": call.body.decode()}
    )
    flux = asked["query"]
    try:
        points = influx.state.points[_bucket(influx, bucket_of(flux), rights, "read")]
        if target := target_of(flux):
            bucket = _bucket(influx, target, rights, "write")
            lines = "\n".join(line_of(*row) for row in quarters(points, flux))
            store(influx, {"bucket": bucket}, lines, int(influx.clock() * SECOND_NS))
            return 200, b"\r\n", {"Content-Type": "text/csv; charset=utf-8"}
        found = points.query(flux)
    except ValueError as err:
        raise Refused(400, str(err)) from err
    if not asked.get("dialect", {}).get("annotations"):
        found = "".join(line for line in found.splitlines(keepends=True) if not line.startswith("#"))
    return 200, found.encode(), {"Content-Type": "text/csv; charset=utf-8"}


def _bucket(influx: FakeInflux, name: str, rights: list[dict[str, Any]] | None, action: str) -> str:
    found = next((key for key, kept in influx.state.buckets.items() if name in {key, kept["name"]}), None)
    if found is None:
        raise Refused(404, f'bucket "{name}" not found')
    if rights is not None and not any(
        right["action"] == action and right["resource"].get("id", found) == found for right in rights
    ):
        raise Refused(403, f"insufficient permissions for {action}")
    return found


def new_bucket(influx: FakeInflux, org_id: str, name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Add it; `rules` is how long points are kept, as the API words it."""
    bucket: dict[str, Any] = {
        "id": influx.state.new_id(),
        "orgID": org_id,
        "name": name,
        "retentionRules": rules,
        "type": "user",
    }
    influx.state.buckets[bucket["id"]] = bucket
    influx.state.points[bucket["id"]] = Points()
    return bucket


def _resource(  # noqa: PLR0911  # a table of routes
    influx: FakeInflux, call: Call, rights: list[dict[str, Any]] | None, kind: str, identity: str = "", verb: str = ""
) -> Answer:
    kept: dict[str, Any] = getattr(influx.state, kind)
    if identity and identity not in kept:
        raise Refused(404, f"{kind[:-1]} not found")
    match call.method, bool(identity), verb:
        case "GET", False, "":
            return _json(200, {kind: _listed(call, rights, kind, kept)})
        case "GET", True, "":
            return _json(200, _shown(kept[identity]))
        case "POST", False, "":
            return _created(influx, kind, call)
        case "PATCH", True, "":
            return _changed(influx, kind, kept[identity], call)
        case "POST", True, "password":
            influx.state.passwords[kept[identity]["name"]] = call.json()["password"]
            return 204, b"", {}
        case "POST", True, "validate":
            return _validated(influx, kept[identity].settings)
        case "DELETE", True, "":
            if kind == "remotes" and any(
                r.settings["remoteID"] == identity for r in influx.state.replications.values()
            ):
                raise Refused(500, "FOREIGN KEY constraint failed")
            del kept[identity]
            return 204, b"", {}
    raise Refused(405, "method not allowed")


def _shown(thing: Any) -> dict[str, Any]:
    if isinstance(thing, Replication):
        return thing.seen()
    return {key: value for key, value in thing.items() if key != "remoteAPIToken"}


def _listed(call: Call, rights: list[dict[str, Any]] | None, kind: str, kept: dict[str, Any]) -> list[dict[str, Any]]:
    if kind in {"remotes", "replications"} and "orgID" not in call.query:
        raise Refused(400, "invalid or missing org ID")
    shown = [_shown(thing) for thing in kept.values()]
    if rights is not None:
        seen = {right["resource"].get("id") for right in rights if right["action"] == "read"}
        shown = [thing for thing in shown if thing["id"] in seen]
    filters = {key: call.query[key] for key in ("orgID", "name") if key in call.query and kind != "orgs"}
    if kind == "buckets" and {"orgID", "name"} <= filters.keys():
        wanted = filters["name"]
        if not any(thing["name"] == wanted for thing in shown):
            raise Refused(404, f'bucket "{wanted}" not found')
    if kind == "orgs" and "org" in call.query:
        filters = {"name": call.query["org"]}
        if not any(thing["name"] == call.query["org"] for thing in shown):
            raise Refused(404, f'organization name "{call.query["org"]}" not found')
    return [thing for thing in shown if all(thing.get(key) == value for key, value in filters.items())]


def _created(influx: FakeInflux, kind: str, call: Call) -> Answer:
    wanted = call.json()
    match kind:
        case "buckets":
            if any(bucket["name"] == wanted["name"] for bucket in influx.state.buckets.values()):
                raise Refused(422, f"bucket with name {wanted['name']} already exists")
            return _json(201, new_bucket(influx, wanted["orgID"], wanted["name"], wanted.get("retentionRules", [])))
        case "authorizations":
            if not wanted.get("permissions"):
                raise Refused(400, "authorization must include permissions")
            return _json(201, influx.issue(wanted["orgID"], wanted["permissions"], wanted.get("description", "")))
        case "replications":
            return _new_replication(influx, call, wanted)
        case "remotes" | "tasks":
            made = {"id": influx.state.new_id(), "status": "active", **wanted}
            if kind == "tasks":
                named = re.search(r'name: "([^"]+)"', wanted["flux"])
                if named is None:
                    raise Refused(400, "the task has no name")
                made["name"] = named[1]
            getattr(influx.state, kind)[made["id"]] = made
            return _json(201, _shown(made))
    raise Refused(405, "method not allowed")


def _new_replication(influx: FakeInflux, call: Call, wanted: dict[str, Any]) -> Answer:
    settings = {"maxQueueSizeBytes": 67_108_860, "maxAgeSeconds": 604_800, "dropNonRetryableData": False, **wanted}
    _check_replication(influx, settings)
    if call.query.get("validate") == "true":
        return _validated(influx, settings)
    settings["id"] = influx.state.new_id()
    made = Replication(settings, influx.segment_bytes)
    influx.state.replications[settings["id"]] = made
    return _json(201, made.seen())


def _check_replication(influx: FakeInflux, settings: dict[str, Any]) -> None:
    if settings["maxQueueSizeBytes"] < influx.min_queue_bytes:
        raise Refused(400, f"maxQueueSizeBytes must be at least {influx.min_queue_bytes}")
    age = settings["maxAgeSeconds"]
    if age != 0 and not 60 <= age <= 5_184_000:
        raise Refused(400, "maxAgeSeconds must be 0 or between 60 and 5184000")
    if settings["localBucketID"] not in influx.state.buckets:
        raise Refused(400, "local bucket not found")
    if settings["remoteID"] not in influx.state.remotes:
        raise Refused(400, "remote not found")
    if not settings.get("remoteBucketName") and not settings.get("remoteBucketID"):
        raise Refused(400, "one of remoteBucketID, remoteBucketName is required")


def _validated(influx: FakeInflux, settings: dict[str, Any]) -> Answer:
    code, message, _ = post(influx.state.remotes[settings["remoteID"]], remote_bucket_of(settings), b"")
    if code != 204:
        raise Refused(400, f"replication parameters fail validation: {message}")
    return 204, b"", {}


def _changed(influx: FakeInflux, kind: str, thing: Any, call: Call) -> Answer:
    settings = thing.settings if isinstance(thing, Replication) else thing
    changed = {**settings, **call.json()}
    if isinstance(thing, Replication):
        _check_replication(influx, changed)
        if call.query.get("validate") == "true":
            return _validated(influx, changed)
    if kind == "authorizations" and "token" in call.json():
        raise Refused(400, "a token cannot be changed")
    settings.update(changed)
    return _json(200, _shown(thing))


def _json(status: int, value: object) -> Answer:
    return status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"}
