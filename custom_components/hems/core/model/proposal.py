"""How anyone asks for something to be done: safety, grid operator, user and plan alike."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from .checks import as_utc, finite, named, ordered
from .value import Value


class Source(StrEnum):
    """Who proposes."""

    SAFETY = "safety"
    GRID_OPERATOR = "grid_operator"
    USER = "user"
    PLAN = "plan"
    FALLBACK = "fallback"


class Priority(IntEnum):
    """Higher narrows the bounds for lower."""

    FALLBACK = 0
    PLAN = 10
    USER = 20
    GRID_OPERATOR = 30
    SAFETY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Value):
    """A closed interval of power; None is open on that side. Positive draws from the bus."""

    min_kw: float | None = None
    max_kw: float | None = None

    def __post_init__(self) -> None:
        for field in ("min_kw", "max_kw"):
            value = getattr(self, field)
            if value is not None:
                finite("bounds", field, value)
        if self.min_kw is not None and self.max_kw is not None:
            ordered("bounds", "min_kw", self.min_kw, "max_kw", self.max_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Value):
    """What one source wants of one asset, and until when."""

    asset: str
    source: Source
    priority: Priority
    bounds_kw: Bounds = Bounds()
    wanted_kw: float | None = None
    """Preferred power inside the bounds; None: no preference."""
    start: datetime | None = None
    """Before that it does nothing; None: it holds already."""
    expires: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        named("proposal", self.asset)
        if self.wanted_kw is not None:
            finite(self.asset, "wanted_kw", self.wanted_kw)
        object.__setattr__(self, "expires", as_utc(self.asset, "expires", self.expires))
        if self.start is not None:
            object.__setattr__(self, "start", as_utc(self.asset, "start", self.start))

    def holds(self, now: datetime) -> bool:
        """Whether it counts now."""
        return (self.start is None or self.start <= now) and now < self.expires
