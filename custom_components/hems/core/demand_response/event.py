"""One event and where it is in its life."""

from dataclasses import dataclass
from datetime import datetime

from ..model.checks import as_utc
from ..model.grid_event import EventRequest, EventState
from ..model.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEvent(Value):
    """A request that was accepted, with what became of it."""

    request: EventRequest
    start: datetime
    end: datetime
    state: EventState
    since: datetime
    """When it came into this state."""
    reason: str = ""
    """Why it ended before its time."""

    def __post_init__(self) -> None:
        for field in ("start", "end", "since"):
            object.__setattr__(self, field, as_utc("event", field, getattr(self, field)))
        if self.end <= self.start:
            raise ValueError(f"event: end ({self.end.isoformat()}) must be after start ({self.start.isoformat()})")

    @property
    def id(self) -> str:
        """Chosen by whoever asked."""
        return self.request.id

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state.over

    def acts(self, now: datetime) -> bool:
        """Whether it is to be obeyed at that moment."""
        return not self.over and self.start <= now < self.end
