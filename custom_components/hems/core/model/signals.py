"""What others add to a request: prices for a time, and the plan that was made before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .checks import as_utc, finite
from .series import Series
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSignal(Value):
    """Added to the tariff's prices for a time, by the grid operator or a demand-response event."""

    start: datetime
    end: datetime
    import_price_per_kwh: float = 0.0
    """Above 0: drawing costs more; negative: it is rewarded."""
    export_price_per_kwh: float = 0.0
    """Above 0: feeding in earns more."""
    paid: bool = True
    """Whether it is real money; else it moves the plan, and no bill knows of it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc("price signal", "start", self.start))
        object.__setattr__(self, "end", as_utc("price signal", "end", self.end))
        if self.end <= self.start:
            raise ValueError(
                f"price signal: end ({self.end.isoformat()}) must be after start ({self.start.isoformat()})"
            )
        finite("price signal", "import_price_per_kwh", self.import_price_per_kwh)
        finite("price signal", "export_price_per_kwh", self.export_price_per_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousPlan(Value):
    """The plan that is being carried out: of plans that cost the same, the one closest to it is made."""

    powers_kw: Mapping[str, Series]
    """By asset; holes, times that it does not reach and assets that are gone are left aside."""
