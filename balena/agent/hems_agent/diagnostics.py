"""What remote support needs to see of a stack, without what it must not see."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
import json
import logging
from pathlib import Path
import platform
import re
from typing import Any, override

from .redaction import Redactor, known_secrets
from .settings import VARIABLES, Settings
from .status import StackState, message

MOST_LINES = 200
PACKAGES = ("cryptography", "paho-mqtt", "influxdb-client", "pydantic", "prometheus-client")
_ADDRESS = re.compile(r"://[^/\s\"']+")


class LogTail(logging.Handler):
    """The last lines as they were said: a bundle takes out secrets that are known first, then what looks like one."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=MOST_LINES)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def bundle(settings: Settings, variables: Mapping[str, str], state: StackState, log: LogTail) -> dict[str, Any]:
    """Everything in one object: states and figures, which variables are set (never to what), the last log lines."""
    redactor = Redactor(known_secrets(variables, settings.secrets / "agent"))

    def closed(text: str) -> str:
        """Secrets first: an address may be cut in the middle of one."""
        return _ADDRESS.sub("://**", redactor.text(text))

    told = {
        "agent": {"python": platform.python_version(), "packages": {name: version(name) for name in PACKAGES}},
        "machine": {"system": platform.release(), "architecture": platform.machine()},
        "state": message(state),
        "alerts": [closed(alert) for alert in state.alerts()],
        "services": {name: asdict(seen) for name, seen in state.services.items()},
        "writer": {**asdict(state.writer), "message": closed(state.writer.message)},
        "refused": dict(state.ingest.counts.bad),
        "variables": {one.name: bool(variables.get(one.name)) for one in VARIABLES},
        "spool_mb": settings.spool_mb,
        "log": list(log.lines),
    }
    found: dict[str, Any] = redactor.all(told)
    return found


def keep(place: Path, told: Mapping[str, Any]) -> None:
    """Write it where `python -m hems_agent diagnostics` finds it."""
    new = place.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(told, indent=1, default=str))
    new.replace(place)
