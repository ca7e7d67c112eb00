"""Logs for machines: one JSON object a line."""

from collections.abc import Callable
from datetime import UTC, datetime
import json
import logging
import sys
from types import TracebackType
from typing import override


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "component", "event", ...}`; what an event carries beside that comes from `extra`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "component": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def set_up(level: int) -> None:
    """Send every log line to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Every request is logged by the engine itself, without its headers.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def event(logger: logging.Logger, level: int, name: str, **fields: object) -> None:
    """One log line about something that happened."""
    logger.log(level, name, extra={"fields": fields})


type ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def crash_hook(logger: logging.Logger) -> ExceptHook:
    """For `sys.excepthook`: a traceback as one JSON line instead of many of text."""

    def log_crash(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        logger.critical("crashed", exc_info=(kind, error, traceback))

    return log_crash
