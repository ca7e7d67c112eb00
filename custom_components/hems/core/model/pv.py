"""A PV array."""

from dataclasses import dataclass
from typing import Literal

from .asset import Asset, AssetState
from .checks import above
from .series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Pv(Asset):
    """A PV array with an inverter of its own, its power meant at AC; or behind a hybrid one, at its DC bus."""

    kind: Literal["pv"] = "pv"
    peak_kw: float
    """Most power it can give."""
    curtailable: bool = True
    """Whether HEMS may hold it below what the sun offers; a hybrid inverter still clips what cannot pass."""
    inverter: str | None = None
    """Name of the hybrid inverter that it is behind; None: it is on the home's bus."""

    def __post_init__(self) -> None:
        Asset.__post_init__(self)
        above(self.name, "peak_kw", self.peak_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PvState(AssetState):
    """What the sun is expected to offer."""

    kind: Literal["pv"] = "pv"
    available_kw: Series
    """Power before curtailment, >= 0, at DC behind a hybrid inverter; quantiles where the forecast has them."""

    def __post_init__(self) -> None:
        AssetState.__post_init__(self)
        for value in self.available_kw.values:
            if value is not None and value < 0.0:
                raise ValueError(f"{self.asset}: available_kw must be at least 0, got {value:g}")
