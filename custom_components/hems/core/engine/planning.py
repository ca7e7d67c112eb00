"""From a request to a plan, whatever happens to the worker."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
import logging
from time import monotonic

from .. import wire
from ..fallback import fallback_plan
from ..model import Infeasible, Outcome, Plan, PlanRequest, TimedOut
from . import logs
from .frames import Tag
from .metrics import Metrics
from .page.recent import Recent
from .worker_process import Answer, Answered, Lost, NotReady, OutOfTime, Worker

LOGGER = logging.getLogger("hems.engine.server")
MAX_TIME_LIMIT_S = 300.0
"""No request may keep the worker longer."""
_DEADLINE_FACTOR = 1.5
_DEADLINE_GRACE_S = 5.0
"""The solver keeps its own time limit; building and reading the problem come on top, slowly on a small computer."""
_READY_LIMIT_S = 20.0
"""A starting worker is waited for that long; then the answer is made by rule."""


class Busy(Exception):
    """Too many requests wait already."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests wait already; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Planning:
    """Plans one request at a time; a few more may wait."""

    def __init__(self, worker: Worker, metrics: Metrics, *, max_waiting: int = 3) -> None:
        """`max_waiting` counts the request being planned too."""
        self._worker = worker
        self._metrics = metrics
        self._max_waiting = max_waiting
        self._turn = asyncio.Lock()
        self.waiting = 0
        self.last: wire.LastPlan | None = None
        self.recent = Recent()

    async def plan(self, request: PlanRequest) -> Plan:
        """A plan, made by the solver or, with the reason in its outcome, by rule.

        Raises:
            Busy: too many requests wait already.
        """
        if self.waiting >= self._max_waiting:
            raise Busy(max(1, round(request.options.time_limit_s)))
        started = monotonic()
        self.waiting += 1
        self._metrics.waiting.set(self.waiting)
        try:
            async with self._turn:
                queued_s = monotonic() - started
                plan = await self._ask(request)
        finally:
            self.waiting -= 1
            self._metrics.waiting.set(self.waiting)
        seconds = monotonic() - started
        outcome = outcome_kind(plan.outcome)
        self.last = wire.LastPlan(at=datetime.now(UTC), seconds=seconds, outcome=outcome)
        self.recent.planned(plan, outcome, seconds)
        self._metrics.planned(plan.stats, outcome, queued_s=queued_s, total_s=seconds)
        logs.event(
            LOGGER, logging.INFO, "planned", outcome=outcome, seconds=round(seconds, 3), steps=plan.horizon.steps
        )
        return plan

    async def _ask(self, request: PlanRequest) -> Plan:
        limit_s = request.options.time_limit_s * _DEADLINE_FACTOR + _DEADLINE_GRACE_S
        body = wire.encode(request)
        for _ in range(2):  # a worker that was killed from outside may well do better the second time
            answer = await self._worker.ask(body, limit_s=limit_s, ready_limit_s=_READY_LIMIT_S)
            if not isinstance(answer, Lost):
                break
        return await asyncio.to_thread(_as_plan, request, answer)


def _as_plan(request: PlanRequest, answer: Answer) -> Plan:
    match answer:
        case Answered(tag=Tag.PLAN, body=body):
            return _read_plan(request, body)
        case Answered(body=body):
            return _by_rule(request, wire.decode(Outcome, body))
        case OutOfTime():
            return _by_rule(request, TimedOut(time_limit_s=request.options.time_limit_s))
        case Lost():
            return fallback_plan(request, "the solver ended without an answer")
        case NotReady():
            return fallback_plan(request, "the solver is not running")


def _read_plan(request: PlanRequest, body: bytes) -> Plan:
    try:
        return wire.decode(Plan, body)
    except wire.WireError as error:  # e.g. the solver's numbers are not finite
        logs.event(LOGGER, logging.ERROR, "plan_cannot_be_read", reason=str(error))
        return fallback_plan(request, "the solver's plan is not valid")


def _by_rule(request: PlanRequest, outcome: Outcome) -> Plan:
    """The rule's plan, under the outcome of the search that found none."""
    reason = "hard limits contradict each other" if isinstance(outcome, Infeasible) else "the solver ran out of time"
    return replace(fallback_plan(request, reason), outcome=outcome)


def outcome_kind(outcome: Outcome) -> str:
    """The word for it, e.g. `timed_out`."""
    return str(getattr(outcome, "kind", "unknown"))
