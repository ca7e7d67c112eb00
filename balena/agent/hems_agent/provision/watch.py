"""The look at a running copy: figures, alerts before and after a loss, and which stretches must be copied again."""

from collections import deque
from dataclasses import replace
from typing import Any

from ..influx import NO_ORG, WRITTEN, Influx, InfluxUnreachable, metric
from .memory import Memory
from .options import QUARTERS, FleetOptions
from .status import Alert, ReplicationStatus, Trouble, alert_of

HOUR_S = 3600.0
NEARLY_FULL = 0.75
RESTART_EVERY_S = 6 * HOUR_S
"""A restart that did not help is not asked for again sooner."""
LATE_S = {QUARTERS: 50 * HOUR_S}
"""The daily task writes quarters of the last two days, which may be among those that a full queue did not take."""
LATE_RAW_S = 2 * HOUR_S
_RETRYING = frozenset({Trouble.UNREACHABLE, Trouble.THROTTLED, Trouble.REMOTE_FAILING})


class Watch:
    """Looks, each time it is told to, and remembers."""

    def __init__(self, influx: Influx, memory: Memory) -> None:
        self._influx = influx
        self._memory = memory
        self._backlogs: deque[tuple[float, int]] = deque()
        self._started_s: float | None = None
        self._fill = 0.0
        self._sampled_s: float | None = None
        self._empty_s: float | None = None

    def look(
        self, wanted: FleetOptions, org_id: str | None, replication: dict[str, Any], now_s: float
    ) -> ReplicationStatus:
        """Figures and alerts of this moment. Raises InfluxUnreachable or InfluxRefused."""
        text = self._influx.text("/metrics")
        labels = {"replicationID": str(replication["id"])}
        failed = metric(text, "replications_queue_points_failed_to_queue", **labels) or 0.0
        dropped = metric(text, "replications_queue_remote_write_bytes_dropped", **labels) or 0.0
        restarted = self._restarted(metric(text, "process_start_time_seconds"))
        self._count(wanted, failed, restarted, now_s)
        backlog = int(replication.get("remainingBytesToBeSynced") or 0)
        self._lag(wanted, backlog, now_s)
        self._backlogs.append((now_s, backlog))
        self._fill = replication["currentQueueSizeBytes"] / replication["maxQueueSizeBytes"]
        code = replication.get("latestResponseCode")
        message = str(replication.get("latestErrorMessage") or "")
        synced_s = self._memory.synced_s
        return ReplicationStatus(
            configured=True,
            running=True,
            backlog_bytes=backlog,
            queue_bytes=int(replication["currentQueueSizeBytes"]),
            queue_max_bytes=int(replication["maxQueueSizeBytes"]),
            lag_s=now_s - synced_s if backlog and synced_s is not None else 0.0,
            latest_code=code,
            latest_message=message,
            failed_points=int(self._memory.failed_points),
            dropped_bytes=int(dropped),
            filled_points=self._memory.filled_points,
            lost=tuple(self._memory.lost),
            restart_recommended=self._stalled(wanted, org_id, now_s),
        )

    def _restarted(self, started_s: float | None) -> bool:
        before, self._started_s = self._started_s, started_s
        if before is None or started_s == before:
            return False
        self._backlogs.clear()
        return True

    def _count(self, wanted: FleetOptions, failed: float, restarted: bool, now_s: float) -> None:
        """Note the points lost since the last look, and the stretch that they may be from."""
        memory = self._memory
        lost = failed - memory.failed_seen if failed >= memory.failed_seen else failed
        # The counter begins again with the process: the last losses before that were never seen.
        unseen = (restarted or failed < memory.failed_seen) and self._fill > NEARLY_FULL
        if lost or unseen:
            late_s = LATE_S.get(wanted.source, LATE_RAW_S)
            memory.lose((self._sampled_s or memory.sampled_s or now_s) - late_s, now_s)
        if lost or failed != memory.failed_seen:
            memory.failed_points += lost
            memory.failed_seen = failed
        self._sampled_s = now_s
        if lost or unseen or memory.sampled_s is None or now_s - memory.sampled_s > HOUR_S:
            memory.sampled_s = now_s

    def _lag(self, wanted: FleetOptions, backlog: int, now_s: float) -> None:
        memory = self._memory
        if memory.synced_s is not None and now_s - memory.synced_s > wanted.max_age_s:
            # InfluxDB gives up what waits longer than that, and says nothing.
            memory.lose(memory.synced_s, now_s - wanted.max_age_s)
            memory.synced_s = now_s - wanted.max_age_s
        if backlog == 0 or memory.synced_s is None:
            self._empty_s = now_s
            # The file is on an SD card: it knows the exact time only once there is a backlog.
            if memory.synced_s is None or now_s - memory.synced_s > HOUR_S:
                memory.synced_s = now_s
            return
        if self._empty_s is not None:
            memory.synced_s, self._empty_s = self._empty_s, None

    def _stalled(self, wanted: FleetOptions, org_id: str | None, now_s: float) -> bool:
        """Whether the backlog has grown for an hour although the fleet would take it (issues 23868 and 24434)."""
        while len(self._backlogs) > 1 and self._backlogs[1][0] <= now_s - HOUR_S:
            self._backlogs.popleft()
        oldest_s, then = self._backlogs[0]
        grown = now_s - oldest_s >= HOUR_S and self._backlogs[-1][1] > then and all(size for _, size in self._backlogs)
        if not grown:
            return False
        asked_s = self._memory.asked_restart_s
        if asked_s is not None and 600 < now_s - asked_s < RESTART_EVERY_S:
            return False
        if not _answers(wanted, org_id):
            return False
        if asked_s is None or now_s - asked_s >= RESTART_EVERY_S:
            self._memory.asked_restart_s = now_s
        return True


def _answers(wanted: FleetOptions, org_id: str | None) -> bool:
    """Whether the fleet would take a write now."""
    fleet = Influx(wanted.url, lambda: wanted.token, ca=wanted.ca)
    try:
        return fleet.write(org_id or NO_ORG, wanted.bucket, ())[0] == WRITTEN
    except InfluxUnreachable:
        return False
    finally:
        fleet.close()


def with_alerts(status: ReplicationStatus) -> ReplicationStatus:
    """The same, with what the figures mean."""
    alerts: list[Alert] = []
    answer = alert_of(status.latest_code, status.latest_message) if status.latest_code is not None else None
    # One batch that waits for its next try is no news; a token that is refused is.
    if answer and (status.lag_s > 15 * 60 or (answer.trouble not in _RETRYING and status.backlog_bytes)):
        alerts.append(answer)
    if status.dropped_bytes and not any(alert.trouble is Trouble.DATA_REFUSED for alert in alerts):
        dropped = f"The fleet's InfluxDB has refused {status.dropped_bytes} bytes (400), which were dropped"
        alerts.append(Alert(Trouble.DATA_REFUSED, dropped))
    if status.queue_fill >= NEARLY_FULL:
        full = (
            f"The queue to the fleet is {status.queue_fill:.0%} full; what does not fit is copied once it has drained"
        )
        alerts.append(Alert(Trouble.QUEUE_NEARLY_FULL, full, urgent=True))
    if status.lost:
        points = f"{status.failed_points} points did not fit into the queue; " if status.failed_points else ""
        alerts.append(Alert(Trouble.POINTS_LOST, f"{points}{len(status.lost)} stretches are still to be copied again"))
    if status.restart_recommended:
        stalled = (
            "The queue to the fleet has grown for an hour although the fleet answers: influxdb should be restarted"
        )
        alerts.append(Alert(Trouble.STALLED, stalled))
    return replace(status, alerts=tuple(alerts))
