"""A hybrid inverter: one way to the bus for the batteries and arrays behind it."""

from dataclasses import dataclass
from typing import Literal

from .asset import Asset, AssetState
from .checks import at_least, within


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridInverter(Asset):
    """Batteries and PV arrays share its DC bus, and its AC limits.

    The powers of what is behind it are meant at the DC bus; its own power is its loss, so that the sum over all
    assets is what the home's bus sees.
    """

    kind: Literal["inverter"] = "inverter"
    max_ac_kw: float
    """Most that it gives to the home's bus."""
    max_ac_charge_kw: float | None = None
    """Most that it takes from the home's bus; None: as much as it gives, 0: charged by the sun alone."""
    efficiency: float = 0.97
    """Of the conversion, in either direction."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        at_least(self.name, "max_ac_kw", self.max_ac_kw, 0.0)
        if self.max_ac_charge_kw is not None:
            at_least(self.name, "max_ac_charge_kw", self.max_ac_charge_kw, 0.0)
        within(self.name, "efficiency", self.efficiency, 0.5, 1.0)

    @property
    def most_taken_kw(self) -> float:
        """AC power that it takes at most."""
        return self.max_ac_kw if self.max_ac_charge_kw is None else self.max_ac_charge_kw

    @property
    def dc_range_kw(self) -> tuple[float, float]:
        """Least (feeding) and most power that the DC bus may exchange with it."""
        return -self.max_ac_kw / self.efficiency, self.most_taken_kw * self.efficiency

    def ac_kw(self, dc_kw: float) -> float:
        """Power at the home's bus for a power that the DC bus draws (negative: feeds)."""
        return dc_kw / self.efficiency if dc_kw > 0.0 else dc_kw * self.efficiency

    def dc_kw(self, ac_kw: float) -> float:
        """The DC bus's power for a power at the home's bus."""
        return ac_kw * self.efficiency if ac_kw > 0.0 else ac_kw / self.efficiency

    def loss_kw(self, dc_kw: float) -> float:
        """What the conversion of a DC power costs."""
        return self.ac_kw(dc_kw) - dc_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridInverterState(AssetState):
    """Nothing about it changes; it has a state because every asset has one."""

    kind: Literal["inverter"] = "inverter"


def behind_of(asset: Asset) -> str | None:
    """The name of the inverter that an asset is behind, if it can be behind one and is."""
    name: str | None = getattr(asset, "inverter", None)
    return name
