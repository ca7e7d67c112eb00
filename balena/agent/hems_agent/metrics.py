"""The agent's figures for Prometheus, on the loopback of its own container: for the health check and a look by hand."""

from collections.abc import Iterator
import threading
import time
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .status import StackState

LOOPBACK = "127.0.0.1"
AGE = "hems_agent_round_age_seconds"


class Figures(Collector):
    """Made of the last state whenever somebody asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: StackState | None = None
        self._told_s = 0.0

    def tell(self, state: StackState) -> None:
        """The newest state."""
        with self._lock:
            self._state, self._told_s = state, time.monotonic()

    def collect(self) -> Iterator[Metric]:
        """Every figure; only the age of the last round before there was one."""
        with self._lock:
            state, told_s = self._state, self._told_s
        age_s = float("inf") if state is None else time.monotonic() - told_s
        yield GaugeMetricFamily(AGE, "Since the agent last looked after the stack.", age_s)
        if state is None:
            return
        up = GaugeMetricFamily("hems_service_up", "1: the service answers.", labels=["service"])
        for name, seen in state.services.items():
            up.add_metric([name], float(seen.is_well))
        yield up
        yield GaugeMetricFamily("hems_spool_points", "Points that wait for the database.", state.spool.queued_points)
        yield GaugeMetricFamily("hems_spool_lag_seconds", "Age of the oldest of them.", state.lag_s)
        yield CounterMetricFamily("hems_spool_dropped_points", "Lost to a full queue.", state.spool.dropped_points)
        yield CounterMetricFamily("hems_received_points", "Points that arrived.", state.ingest.counts.points)
        refused = CounterMetricFamily("hems_refused_messages", "Messages that say nothing valid.", labels=["reason"])
        for reason, count in state.ingest.counts.bad.items():
            refused.add_metric([reason], count)
        yield refused
        replication = state.replication
        yield GaugeMetricFamily("hems_replication_backlog_bytes", "Waits for the fleet.", replication.backlog_bytes)
        yield GaugeMetricFamily("hems_replication_lag_seconds", "Behind the home's own database.", replication.lag_s)
        yield CounterMetricFamily("hems_replication_failed_points", "Queue was full.", replication.failed_points)
        yield GaugeMetricFamily("hems_silent_feeds", "Assets without data.", len(state.silent_feeds))


def serve(figures: Figures, port: int) -> WSGIServer:
    """Answer on the loopback; port 0 is any free one."""
    registry = CollectorRegistry()
    registry.register(figures)
    server, _ = start_http_server(port, addr=LOOPBACK, registry=registry)
    return server
