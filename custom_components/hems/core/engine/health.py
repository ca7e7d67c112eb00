"""How the engine does, in one message."""

from time import monotonic

from .. import wire
from . import VERSION
from .planning import Planning
from .worker_process import Worker


class Health:
    """Asked whenever somebody wants to know."""

    def __init__(self, worker: Worker, planning: Planning) -> None:
        self._worker = worker
        self._planning = planning
        self._started = monotonic()

    def __call__(self) -> wire.EngineHealth:
        """As of now."""
        can_solve = self._worker.state in {"ready", "busy"}
        status = "ok" if can_solve else "starting" if self._worker.state == "starting" else "degraded"
        return wire.EngineHealth(
            api=wire.API_VERSION,
            version=VERSION,
            status=status,
            solver=self._worker.solver,
            worker=self._worker.state,
            worker_restarts=self._worker.restarts,
            waiting=self._planning.waiting,
            uptime_s=round(monotonic() - self._started, 3),
            last_plan=self._planning.last,
        )
