"""What the engine tells Prometheus, as fields for the home's own database: how often and how long it plans."""

from collections.abc import Callable, Mapping

from prometheus_client.parser import text_string_to_metric_families


class EngineFigures:
    """`read` gets the engine's page of metrics, or nothing where it does not answer."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._before: Mapping[str, float] = {}

    def look(self) -> dict[str, float]:
        """Counters since the engine started; `plan_s` and `solve_s` are means of the plans since the last look."""
        try:
            now = _totals(self._read())
        except ValueError:
            return {}
        before, self._before = self._before, now
        found: dict[str, float] = {name: now[name] for name in ("plans", "waiting", "worker_restarts") if name in now}
        for stage in ("plan", "solve"):
            plans = now.get(f"{stage}_count", 0.0) - before.get(f"{stage}_count", 0.0)
            # An engine that has started again counts from zero.
            if before and plans > 0:
                found[f"{stage}_s"] = (now[f"{stage}_sum"] - before.get(f"{stage}_sum", 0.0)) / plans
        return found


_GAUGES = {"hems_engine_waiting": "waiting", "hems_engine_worker_restarts": "worker_restarts"}
_SECONDS = {"hems_engine_plan_seconds_sum": "sum", "hems_engine_plan_seconds_count": "count"}
_STAGES = {"total": "plan", "solve": "solve"}


def _totals(page: str) -> dict[str, float]:
    """Raises ValueError for what is not Prometheus' text format."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == "hems_engine_plans_total":
                found["plans"] = found.get("plans", 0.0) + sample.value
            elif sample.name in _GAUGES:
                found[_GAUGES[sample.name]] = sample.value
            elif sample.name in _SECONDS and sample.labels.get("stage") in _STAGES:
                found[f"{_STAGES[sample.labels['stage']]}_{_SECONDS[sample.name]}"] = sample.value
    return found
