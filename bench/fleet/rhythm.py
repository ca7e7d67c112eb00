"""How much a home says to its fleet: the figures from which docs/workload.md is computed."""

import _workload

_ASSUMED = {name: figure.value for name, figure in _workload.ASSUMED.items()}
SOURCES = int(_ASSUMED["assets"] + _ASSUMED["others"])
TICK_S = _ASSUMED["telemetry_s"]
STATUS_EVERY, PLAN_EVERY = (round(_ASSUMED[name] / TICK_S) for name in ("status_s", "plan_s"))
"""In ticks of the measurements."""
PLAN_BYTES = int(_workload.MEASURED["plan_bytes"].value)
VALUES = int(_workload.MEASURED["replicated_values"].value)
"""Of a quarter of an hour."""
QUARTERS = 4
"""Of a write: the task looks an hour back."""
WRITE_EVERY_S = 900 * QUARTERS / _ASSUMED["rewrites"]
"""One write each quarter, and the nightly ones of two days as if they were spread over the day."""
MESSAGES_S = _workload.workload()["messages_s"]
