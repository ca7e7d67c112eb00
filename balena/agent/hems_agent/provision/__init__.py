"""The home's InfluxDB and its copy to the fleet: `Provisioner.step()` once a minute does all of it.

options ── home.py   first boot: set-up, buckets, downsampling, tokens
├─ fleet.py  the remote and the replication, as the variables say
├─ again.py  quarters of an hour that got points late, computed again
├─ watch.py  figures, alerts, stretches that a full queue lost
└─ fill.py   those stretches, copied once the fleet is back      (memory.py remembers over restarts)
"""

from collections.abc import Callable
from dataclasses import replace
import logging
import time

from ..influx import InfluxRefused, InfluxUnreachable
from ..late import LatePoints
from .again import Again
from .fill import BackFill
from .fleet import FleetProvisioner
from .home import Home, HomeProvisioner, NotReady
from .memory import Remembered
from .options import QUARTERS, RAW, FleetOptions, HomeOptions, fleet_of, refused_copy
from .status import Alert, ReplicationStatus, Trouble
from .watch import Watch, with_alerts

__all__ = [
    "QUARTERS",
    "RAW",
    "Alert",
    "FleetOptions",
    "HomeOptions",
    "Provisioner",
    "ReplicationStatus",
    "Trouble",
    "fleet_of",
    "refused_copy",
]

_LOGGER = logging.getLogger(__name__)

PROVISION_EVERY_S = 900.0
RETRY_EVERY_S = 60.0
FILL_FOR_S = 30.0
"""The longest that one step copies what was missed, or computes again; the next goes on."""


class Provisioner:
    """One home. `fleet` is what fleet_of found; `clock` gives Unix time [s], `patience` seconds that only go up.

    `late` is where the writer notes the points that it has delivered late.
    `problem` is why fleet_of found nothing although it was asked to: then the copy that there is stays as it is.
    """

    def __init__(
        self,
        options: HomeOptions,
        fleet: FleetOptions | None,
        *,
        problem: str = "",
        late: LatePoints | None = None,
        clock: Callable[[], float] = time.time,
        patience: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._problem = problem
        self._clock = clock
        self._patience = patience
        self._remembered = Remembered(options.state)
        memory = self._remembered.memory
        self._home = HomeProvisioner(options)
        self._copy = FleetProvisioner(self._home.influx, memory)
        self._watch = Watch(self._home.influx, memory)
        self._fill = BackFill(self._home.influx, options.org, self._remembered)
        late = LatePoints(options.state / "late.json", clock) if late is None else late
        self._again = Again(late, self._home, memory, options.raw_days)
        self._known: Home | None = None
        self._next_s = 0.0
        self._alerts: list[Alert] = []

    def step(self) -> ReplicationStatus:
        """Provision if it is time, look, copy what was missed if the fleet takes it.

        Never raises for a network or a disk.
        """
        is_kept = False
        try:
            status = self._step()
        except (InfluxUnreachable, InfluxRefused, NotReady, OSError) as err:
            self._next_s = min(self._next_s, self._clock() + RETRY_EVERY_S)
            alert = Alert(Trouble.HOME_NOT_READY, f"The home's InfluxDB cannot be used: {err}")
            memory = self._remembered.memory
            return ReplicationStatus(
                configured=self._fleet is not None,
                failed_points=int(memory.failed_points),
                filled_points=memory.filled_points,
                lost=tuple(memory.lost),
                alerts=(alert,),
            )
        finally:
            is_kept = self._remembered.save()
        if is_kept:
            self._again.close()
        return status

    def close(self) -> None:
        """Let go of the connections."""
        self._home.influx.close()

    def note_loss(self, start_s: float, stop_s: float) -> None:
        """Copy this stretch [Unix s] again."""
        if self._fleet is not None:
            self._remembered.memory.lose(start_s, stop_s)
            self._remembered.save()

    def _step(self) -> ReplicationStatus:
        now_s = self._clock()
        is_waiting = now_s < self._next_s <= now_s + PROVISION_EVERY_S  # not for a clock that was set back
        if self._known is None or not is_waiting:
            self._known = self._home.provision()
            self._alerts = []
            if self._fleet is not None:
                self._alerts = self._copy.provision(self._known, self._fleet, now_s)
            elif not self._problem:
                self._copy.remove(self._known)
            wrong = any(alert.trouble is not Trouble.PLAIN_HTTP for alert in self._alerts)
            self._next_s = now_s + (RETRY_EVERY_S if wrong else PROVISION_EVERY_S)
        until_s = self._patience() + FILL_FOR_S
        self._again.compute(now_s, lambda: self._patience() < until_s)
        if self._fleet is None and not self._problem:
            return ReplicationStatus()
        replication = self._copy.replication(self._known)
        if self._fleet is None:
            alert = Alert(Trouble.SETTINGS, f"{self._problem}; the copy stays as it was", urgent=True)
            return ReplicationStatus(configured=True, running=replication is not None, alerts=(alert,))
        if replication is None:
            return ReplicationStatus(
                configured=True, alerts=tuple(self._alerts), lost=tuple(self._remembered.memory.lost)
            )
        memory = self._remembered.memory
        failed_before, lost_before = memory.failed_points, list(memory.lost)
        status = self._watch.look(self._fleet, self._copy.org_id, replication, now_s)
        self._again.told(is_lossy=(failed_before, lost_before) != (memory.failed_points, memory.lost))
        status = replace(status, lost=tuple(memory.lost))
        drained = status.latest_code in {None, 204} and status.queue_fill < 0.5
        if status.lost and drained and memory.failed_points == failed_before:
            until_s = self._patience() + FILL_FOR_S
            self._fill.run(self._fleet, self._copy.org_id, lambda: self._patience() < until_s)
            status = replace(status, lost=tuple(memory.lost), filled_points=memory.filled_points)
        status = with_alerts(status)
        told = {alert.trouble for alert in status.alerts}
        more = tuple(alert for alert in self._alerts if alert.trouble not in told)
        return replace(status, alerts=(*status.alerts, *more))
