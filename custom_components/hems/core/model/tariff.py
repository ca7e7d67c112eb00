"""What energy costs and what the contract allows."""

from dataclasses import dataclass
from typing import Literal

from .checks import at_least, finite
from .series import Series
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityCharge(Value):
    """A charge on the highest mean import power of a period."""

    price_per_kw: float
    """Currency per kW of the period's peak."""
    period: Literal["day", "month"] = "month"
    """By the site's local calendar."""
    peak_so_far_kw: float = 0.0
    """Highest in the running period: up to it, import adds nothing to the charge."""

    def __post_init__(self) -> None:
        at_least("capacity", "price_per_kw", self.price_per_kw, 0.0)
        at_least("capacity", "peak_so_far_kw", self.peak_so_far_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff(Value):
    """Prices in currency per kWh over time, fixed parts and contractual limits."""

    currency: str
    """ISO 4217 code, e.g. EUR."""
    import_price: Series
    """Paid per kWh drawn from the grid; may be negative."""
    export_price: Series
    """Received per kWh fed into the grid; may be negative or above the import price."""
    fixed_per_day: float = 0.0
    capacity: CapacityCharge | None = None
    import_limit_kw: float | None = None
    """Contracted power; None: only the site's connection limits."""
    export_limit_kw: float | None = None

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.isupper():
            raise ValueError(
                f"tariff: currency must be a three-letter ISO 4217 code such as EUR, got {self.currency!r}"
            )
        finite("tariff", "fixed_per_day", self.fixed_per_day)
        for field in ("import_limit_kw", "export_limit_kw"):
            limit_kw = getattr(self, field)
            if limit_kw is not None:
                at_least("tariff", field, limit_kw, 0.0)
