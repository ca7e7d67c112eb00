"""How the copy to the fleet is doing, as the agent publishes it."""

from dataclasses import dataclass
from enum import StrEnum

from .memory import Window


class Trouble(StrEnum):
    """What is wrong, by a key."""

    HOME_NOT_READY = "home_not_ready"
    SETTINGS = "settings"
    PLAIN_HTTP = "plain_http"
    UNREACHABLE = "unreachable"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  # a key, not a token
    BUCKET_MISSING = "bucket_missing"
    TOO_LARGE = "too_large"
    DATA_REFUSED = "data_refused"
    THROTTLED = "throttled"
    REMOTE_FAILING = "remote_failing"
    QUEUE_NEARLY_FULL = "queue_nearly_full"
    POINTS_LOST = "points_lost"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that somebody should know, in a sentence without secrets."""

    trouble: Trouble
    message: str
    urgent: bool = False
    """Data is lost, or will be, unless somebody acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationStatus:
    """Of this moment."""

    configured: bool = False
    """The variables ask for a copy."""
    running: bool = False
    """InfluxDB copies what is written."""
    backlog_bytes: int = 0
    """Waiting, compressed."""
    queue_bytes: int = 0
    """On disk, with what is sent already of the file at the head."""
    queue_max_bytes: int = 0
    lag_s: float = 0.0
    """Since the queue was empty for the last time; 0: it is."""
    latest_code: int | None = None
    """Of the fleet's last answer; 0: nobody answered; None: nothing has been sent yet."""
    latest_message: str = ""
    failed_points: int = 0
    """Did not fit into the queue, over all restarts."""
    dropped_bytes: int = 0
    """Refused by the fleet for what they are, since InfluxDB started."""
    filled_points: int = 0
    """Copied afterwards from the home's own bucket, over all restarts."""
    lost: tuple[Window, ...] = ()
    """Stretches still to be copied afterwards."""
    alerts: tuple[Alert, ...] = ()
    restart_recommended: bool = False
    """Of the service influxdb: its queue grows although the fleet answers."""

    @property
    def queue_fill(self) -> float:
        """Of what may be on disk, in [0, 1]."""
        return self.queue_bytes / self.queue_max_bytes if self.queue_max_bytes else 0.0


def alert_of(code: int, message: str) -> Alert | None:
    """What an answer of the fleet means; None for success."""
    if code == 204:
        return None
    if code in _ANSWERS:
        trouble, meaning = _ANSWERS[code]
        urgent = trouble not in {Trouble.UNREACHABLE, Trouble.THROTTLED}
        return Alert(trouble, f"The fleet's InfluxDB {meaning}{f' ({code})' if code else f': {message}'}", urgent)
    return Alert(Trouble.REMOTE_FAILING, f"The fleet's InfluxDB answers {code}: {message}")


_TOKEN = (Trouble.TOKEN_REFUSED, "refuses FLEET_INFLUX_TOKEN: nothing arrives until it is replaced")
_DATA = (Trouble.DATA_REFUSED, "refuses what it is sent: it does not fit what is there")
_ANSWERS = {
    0: (Trouble.UNREACHABLE, "does not answer"),
    400: _DATA,
    401: _TOKEN,
    403: _TOKEN,
    404: (
        Trouble.BUCKET_MISSING,
        "knows no such bucket or organisation: check FLEET_INFLUX_BUCKET and FLEET_INFLUX_ORG",
    ),
    413: (Trouble.TOO_LARGE, "takes no batches of this size"),
    422: _DATA,
    429: (Trouble.THROTTLED, "asks to be sent less"),
}
