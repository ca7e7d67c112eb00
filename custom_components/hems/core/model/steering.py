"""What events ask of the devices beside limits: more or less, or a certain power, as far as it can be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .checks import finite
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering(Value):
    """One moment of it. What is asked gives way to comfort, deadlines, reserves and every hard limit."""

    down: frozenset[str] = frozenset()
    """Assets that shall draw as little as they can; batteries among them cover what the home draws."""
    up: frozenset[str] = frozenset()
    """Assets that shall take up as much as they can."""
    powers_kw: Mapping[str, float] = field(default_factory=dict)
    """By asset: the power that it shall hold."""
    exchange_kw: float | None = None
    """What the home shall exchange with the grid; positive imports."""

    def __post_init__(self) -> None:
        for name, power_kw in self.powers_kw.items():
            finite(name, "powers_kw", power_kw)
        if self.exchange_kw is not None:
            finite("steering", "exchange_kw", self.exchange_kw)
        if both := self.down & self.up:
            raise ValueError(f"steering: {', '.join(sorted(both))} cannot go up and down at once")

    def __bool__(self) -> bool:
        """Whether anything is asked."""
        return bool(self.down or self.up or self.powers_kw or self.exchange_kw is not None)
