"""How much of the time somebody looked after the home: the share of the last 30 days in which setpoints were decided.

By plan or by rule makes no difference; only that nothing was decided counts against it. 99.95 % leaves 22 minutes of 30
days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

DAYS = 30
LONGEST_PAUSE = timedelta(seconds=30)
"""Between two decisions that count as one stretch; dispatch comes every few seconds."""


@dataclass(slots=True)
class Uptime:
    """Seconds looked after and not, by day of UTC."""

    _days: dict[date, tuple[float, float]] = field(default_factory=dict)
    _last: datetime | None = None

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Uptime:
        """As it was kept; the time since then will count as not looked after.

        Raises:
            ValueError: it cannot be read.
        """
        try:
            days = {date.fromisoformat(day): (float(up), float(down)) for day, (up, down) in state["days"].items()}
            last = datetime.fromisoformat(state["last"]) if state["last"] else None
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"uptime: {error!r} in what was kept") from error
        if last is not None and last.tzinfo is None:
            raise ValueError("uptime: a time without a zone in what was kept")
        return cls(days, last)

    def state(self) -> dict[str, Any]:
        """For `restore`."""
        return {
            "days": {day.isoformat(): list(seconds) for day, seconds in self._days.items()},
            "last": self._last.isoformat() if self._last else None,
        }

    def decided(self, now: datetime) -> None:
        """Setpoints were decided at that moment. A clock that was set back counts nothing until it has caught up."""
        now = now.astimezone(UTC)
        if self._last is not None and now <= self._last:
            return
        if self._last is not None:
            pause_s = min(now - self._last, timedelta(days=DAYS)).total_seconds()
            up_s, down_s = self._days.get(now.date(), (0.0, 0.0))
            is_up = pause_s <= LONGEST_PAUSE.total_seconds()
            self._days[now.date()] = (up_s + pause_s, down_s) if is_up else (up_s, down_s + pause_s)
        self._last = now
        for day in [day for day in self._days if now.date() - day > timedelta(days=DAYS)]:
            del self._days[day]

    @property
    def share(self) -> float | None:
        """0 to 1; None before anything was counted."""
        up_s = sum(up for up, _ in self._days.values())
        down_s = sum(down for _, down in self._days.values())
        return up_s / (up_s + down_s) if up_s + down_s > 0.0 else None
