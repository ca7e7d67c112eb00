"""What every asset has in common: a name, a kind, and a state that changes while the asset does not."""

from dataclasses import dataclass
from typing import Literal

from .checks import named
from .value import Kinded

type Phase = Literal["l1", "l2", "l3"]
PHASES: tuple[Phase, ...] = ("l1", "l2", "l3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset(Kinded):
    """A device of the home with everything that stays the same from plan to plan."""

    name: str
    """Unique in the site; limits, plans and proposals refer to it."""
    phase: Phase | None = None
    """The one it is on; None: evenly on all three. Of a charging point: what it uses when it charges on one
    (None: the first)."""

    def __post_init__(self) -> None:
        named(type(self).__name__, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetState(Kinded):
    """What is known now about the asset called `asset`: measurements, wishes and its own forecasts."""

    asset: str

    def __post_init__(self) -> None:
        named(type(self).__name__, self.asset)
