"""What energy costs and what the contract allows."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .checks import above, at_least, finite
from .series import Series
from .value import Value

ROUNDED_KW = 1e-4
"""A peak that passes a tier's end by less was rounded there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTier(Value):
    """One step of a tiered capacity charge: the whole fee for any peak above the tier before, up to this one's end."""

    up_to_kw: float | None = None
    """None: any peak; only the last tier may be without an end."""
    fee: float
    """Currency per period."""

    def __post_init__(self) -> None:
        if self.up_to_kw is not None:
            above("capacity tier", "up_to_kw", self.up_to_kw, 0.0)
        at_least("capacity tier", "fee", self.fee, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityCharge(Value):
    """A charge on the highest mean import power of a period: per kW, by tiers, or both."""

    price_per_kw: float = 0.0
    """Currency per kW of the period's peak."""
    tiers: tuple[CapacityTier, ...] = ()
    """Rising in power and fee; a peak beyond the last one costs what the last one costs."""
    period: Literal["day", "month"] = "month"
    """By the site's local calendar."""
    peak_so_far_kw: float = 0.0
    """Highest in the running period: up to it, import adds nothing to the charge."""

    def __post_init__(self) -> None:
        at_least("capacity", "price_per_kw", self.price_per_kw, 0.0)
        at_least("capacity", "peak_so_far_kw", self.peak_so_far_kw, 0.0)
        for tier, following in pairwise(self.tiers):
            if tier.up_to_kw is None:
                raise ValueError("capacity: only the last of the tiers may be without up_to_kw")
            if following.up_to_kw is not None and following.up_to_kw <= tier.up_to_kw:
                raise ValueError(f"capacity: tiers must rise in up_to_kw, got {following.up_to_kw:g}")
            if following.fee < tier.fee:
                raise ValueError(f"capacity: tiers must not fall in fee, got {following.fee:g} after {tier.fee:g}")

    @property
    def jumps(self) -> tuple[tuple[float, float], ...]:
        """Each tier's end that can be passed, and what the fee rises by there."""
        return tuple(
            (tier.up_to_kw, following.fee - tier.fee)
            for tier, following in pairwise(self.tiers)
            if tier.up_to_kw is not None
        )

    def charge(self, peak_kw: float) -> float:
        """What the period costs with that peak, less the fee of the first tier, which is due anyway."""
        return self.price_per_kw * peak_kw + sum(rise for end_kw, rise in self.jumps if peak_kw > end_kw + ROUNDED_KW)


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
