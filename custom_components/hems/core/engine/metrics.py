"""Counters for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from ..model import SolveStats

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """Every counter of one server, in a registry of its own."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._plans = Counter("hems_engine_plans", "Plans by how they ended.", ["outcome"], registry=self._registry)
        self._seconds = Histogram(
            "hems_engine_plan_seconds",
            "Time of a plan by stage; total runs from the request to its answer.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._requests = Counter(
            "hems_engine_requests", "HTTP requests.", ["method", "route", "status"], registry=self._registry
        )
        self.waiting = Gauge(
            "hems_engine_waiting", "Requests being planned or waiting for it.", registry=self._registry
        )
        self._worker_ready = Gauge("hems_engine_worker_ready", "1 when the worker can solve.", registry=self._registry)
        self._worker_restarts = Gauge(
            "hems_engine_worker_restarts", "How often the worker was started again.", registry=self._registry
        )
        Info("hems_engine", "The engine.", registry=self._registry).info({"version": version})

    def watch_worker(self, ready: Callable[[], bool], restarts: Callable[[], int]) -> None:
        """Ask the worker itself whenever somebody reads the metrics."""
        self._worker_ready.set_function(lambda: float(ready()))
        self._worker_restarts.set_function(lambda: float(restarts()))

    def planned(self, stats: SolveStats, outcome: str, *, queued_s: float, total_s: float) -> None:
        """Count one plan."""
        self._plans.labels(outcome).inc()
        stages = {
            "queue": queued_s,
            "build": stats.build_s,
            "compile": stats.compile_s,
            "solve": stats.solve_s,
            "extract": stats.extract_s,
            "total": total_s,
        }
        for stage, seconds in stages.items():
            self._seconds.labels(stage).observe(seconds)

    def requested(self, method: str, route: str, status: int) -> None:
        """Count one HTTP request."""
        self._requests.labels(method, route, str(status)).inc()

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
