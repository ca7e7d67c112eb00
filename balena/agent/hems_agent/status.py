"""How the stack is, in one message, and the entities that Home Assistant makes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
import json
from typing import Any

from hems_core.exchange import Topics

from .ingest import IngestState
from .lines import line
from .probes import Seen
from .provision import ReplicationStatus
from .sealed_link import LinkState
from .spool import SpoolState
from .writer import WriterState

SCHEMA = 1
MANUFACTURER = "HEMS"
LONGEST_STATE = 255
"""Characters of a state in Home Assistant."""
SERVICES = ("homeassistant", "engine", "mosquitto", "influxdb", "grafana", "nginx")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """Everything that the agent knows at one time (Unix time in `now_s`)."""

    now_s: float
    services: Mapping[str, Seen]
    restarts: Mapping[str, int]
    """Of sick services, in a row."""
    ingest: IngestState
    spool: SpoolState
    writer: WriterState
    replication: ReplicationStatus
    silent_feeds: tuple[str, ...] = ()
    lossy_feeds: tuple[str, ...] = ()
    access_point: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """Variables that could not be obeyed."""
    in_event: bool = False
    updates_held: bool = False
    disk_free_percent: float = 100.0
    sealed: LinkState | None = None
    """What goes to the fleet, where it is sealed."""
    engine: Mapping[str, float] = field(default_factory=dict)
    """How the engine plans (see `EngineFigures`)."""

    @property
    def lag_s(self) -> float:
        """Age of the oldest point that waits for the home's own database."""
        return 0.0 if self.spool.oldest_ms is None else max(0.0, self.now_s - self.spool.oldest_ms / 1000)

    def alerts(self) -> list[str]:
        """What somebody should look at, the worst first."""
        sick = {name: seen.said or "does not answer" for name, seen in self.services.items() if not seen.is_well}
        found = [f"{name}: {said}" for name, said in sick.items()]
        if self.ingest.disk_trouble:
            found.append(self.ingest.disk_trouble)
        if self.spool.dropped_points:
            found.append(f"{self.spool.dropped_points} points were lost: the disk's queue was full")
        elif self.spool.nearly_full:
            found.append("the queue for the database is nearly full")
        if self.writer.rejected_points:
            found.append(f"the database refused {self.writer.rejected_points} points")
        if self.ingest.broker_dropped:
            found.append(f"the broker dropped {self.ingest.broker_dropped} messages: a reader was away or too slow")
        if self.disk_free_percent < 10.0:
            found.append(f"the disk is nearly full ({self.disk_free_percent:.0f} % free)")
        found += [f"no data from {asset}" for asset in self.silent_feeds]
        found += [f"data of {asset} has gaps" for asset in self.lossy_feeds]
        found += self.problems
        alerts = sorted(self.replication.alerts, key=lambda alert: not alert.urgent)
        return found + [alert.message for alert in alerts]


def message(state: StackState) -> dict[str, Any]:
    """As it is published under stack/state."""
    alerts = state.alerts()
    return {
        "schema": SCHEMA,
        "time": datetime.fromtimestamp(state.now_s, UTC).isoformat(timespec="seconds"),
        "services": {
            name: {"well": seen.is_well, "said": seen.said, "restarts": state.restarts.get(name, 0)}
            for name, seen in state.services.items()
        },
        "alert": (" · ".join(alerts) or "none")[:LONGEST_STATE],
        "alerts": len(alerts),
        "queue": {
            "points": state.spool.queued_points,
            "bytes": state.spool.queued_bytes,
            "fill_percent": round(100 * state.spool.queued_bytes / state.spool.max_bytes, 1),
            "lag_s": round(state.lag_s, 1),
            "lost_points": state.spool.dropped_points,
        },
        "received": {
            "points": state.ingest.counts.points,
            "duplicates": state.ingest.counts.duplicates,
            "refused": sum(state.ingest.counts.bad.values()),
            "dropped_by_broker": state.ingest.broker_dropped,
        },
        "replication": {
            "configured": state.replication.configured,
            "running": state.replication.running,
            "backlog_bytes": state.replication.backlog_bytes,
            "fill_percent": round(100 * state.replication.queue_fill, 1),
            "lag_s": round(state.replication.lag_s, 1),
            "lost_points": state.replication.failed_points,
            "filled_points": state.replication.filled_points,
        },
        "sealed": None if state.sealed is None else {"sent": state.sealed.sealed, "too_large": state.sealed.too_large},
        "feeds": {"silent": len(state.silent_feeds), "lossy": len(state.lossy_feeds)},
        "access_point": state.access_point.get("mode", "unknown"),
        "updates_held": state.updates_held,
        "disk_free_percent": round(state.disk_free_percent, 1),
    }


def points(home: str, state: StackState) -> list[str]:
    """The same for the database: measurement `stack`."""
    now_ms = int(state.now_s * 1000)
    alerts = state.alerts()
    lines = [
        line(
            "stack",
            {"home": home, "service": name},
            {"up": float(seen.is_well), **(state.engine if name == "engine" else {})},
            now_ms,
        )
        for name, seen in state.services.items()
    ]
    queue: dict[str, float | str | None] = {
        "spool_points": float(state.spool.queued_points),
        "spool_bytes": float(state.spool.queued_bytes),
        "lag_s": state.lag_s,
        "dropped_points": float(state.spool.dropped_points),
        "rejected_points": float(state.writer.rejected_points),
        "refused_messages": float(sum(state.ingest.counts.bad.values())),
        "disk_free_percent": state.disk_free_percent,
        "alerts": float(len(alerts)),
        "alert": "".join(one if one.isprintable() else " " for one in " · ".join(alerts) or "none")[:LONGEST_STATE],
    }
    lines.append(line("stack", {"home": home, "service": "agent"}, queue, now_ms))
    if state.replication.configured:
        copied: dict[str, float | str | None] = {
            "backlog_bytes": float(state.replication.backlog_bytes),
            "queue_bytes": float(state.replication.queue_bytes),
            "lag_s": state.replication.lag_s,
            "failed_points": float(state.replication.failed_points),
        }
        lines.append(line("stack", {"home": home, "service": "replication"}, copied, now_ms))
    return lines


def discovery(home: str, version: str) -> tuple[str, bytes]:
    """Topic and retained payload by which Home Assistant makes the device "HEMS stack" with its entities."""
    topics = Topics(home)
    device = f"hems-stack-{home}"
    payload = {
        "dev": {"ids": [device], "name": "HEMS stack", "mf": MANUFACTURER, "sw": version, "mdl": "Raspberry Pi stack"},
        "o": {"name": "HEMS agent", "sw": version, "url": "https://github.com/hems-energy/hems"},
        "state_topic": topics.stack_state,
        "availability_topic": topics.stack_availability,
        "cmps": {entity.pop("key"): entity for entity in _entities(device)},
    }
    return f"homeassistant/device/{device}/config", json.dumps(payload).encode()


def _entities(device: str) -> Iterable[dict[str, Any]]:
    for name in SERVICES:
        if name != "homeassistant":  # which would not be there to say so
            title = {"influxdb": "InfluxDB", "nginx": "NGINX"}.get(name, name.capitalize())
            value = f"{{{{ 'ON' if value_json.services.{name}.well else 'OFF' }}}}"
            yield _entity(device, name, title, "binary_sensor", value, device_class="connectivity")
    yield _entity(device, "alert", "Alert", "sensor", "{{ value_json.alert }}", icon="mdi:alert-circle-outline")
    problem = "{{ 'ON' if value_json.alerts else 'OFF' }}"
    yield _entity(device, "problem", "Problem", "binary_sensor", problem, device_class="problem")
    measured: tuple[tuple[str, str, str, str | None, str | None, bool], ...] = (
        ("queue_lag", "Recording lag", "queue.lag_s", "s", "duration", True),
        ("queue_fill", "Recording queue", "queue.fill_percent", "%", None, False),
        ("lost_points", "Lost points", "queue.lost_points", None, None, True),
        ("replication_backlog", "Replication backlog", "replication.backlog_bytes", "B", "data_size", True),
        ("replication_lag", "Replication lag", "replication.lag_s", "s", "duration", True),
        ("replication_fill", "Replication queue", "replication.fill_percent", "%", None, False),
        ("silent_feeds", "Silent feeds", "feeds.silent", None, None, True),
        ("refused", "Refused messages", "received.refused", None, None, False),
        ("disk_free", "Disk free", "disk_free_percent", "%", None, False),
    )
    for key, title, path, unit, device_class, enabled in measured:
        more: dict[str, Any] = {"state_class": "measurement"}
        if unit:
            more["unit_of_measurement"] = unit
        if device_class:
            more["device_class"] = device_class
        if not enabled:
            more["enabled_by_default"] = False
        yield _entity(device, key, title, "sensor", f"{{{{ value_json.{path} }}}}", **more)
    modes = ["off", "access_point", "repeater", "failed", "unknown"]
    mode = "{{ value_json.access_point }}"
    yield _entity(device, "access_point", "Access point", "sensor", mode, device_class="enum", options=modes)


def _entity(device: str, key: str, name: str, platform: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "p": platform,
        "name": name,
        "unique_id": f"{device}-{key}",
        "object_id": f"hems_stack_{key}",
        "value_template": value,
        "entity_category": "diagnostic",
        **more,
    }
