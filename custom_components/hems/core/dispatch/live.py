"""The measurements that dispatch looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite

STALE_AFTER = timedelta(minutes=5)
"""Older measurements count as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAsset:
    """What is measured of one asset now; None, like NaN, is unknown."""

    power_kw: float | None = None
    """Positive draws from the bus, negative feeds it."""
    energy_kwh: float | None = None
    """In a battery."""
    soc: float | None = None
    """0 to 1; used where `energy_kwh` is not known."""
    temperature_c: float | None = None
    connected: bool | None = None
    """Whether a car is plugged in."""
    max_charge_kw: float | None = None
    """What the plugged-in car takes at most; None: as much as its charger gives."""
    running: bool | None = None
    """Whether an appliance is in its programme."""
    setpoint_kw: float | None = None
    """The last power that was commanded; stands in for a power that is not measured."""

    def __post_init__(self) -> None:
        for name in ("power_kw", "energy_kwh", "soc", "temperature_c", "max_charge_kw", "setpoint_kw"):
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                object.__setattr__(self, name, None)

    @property
    def drawn_kw(self) -> float | None:
        """Its power now, as far as anybody knows."""
        return self.setpoint_kw if self.power_kw is None else self.power_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHome:
    """One moment of the home."""

    at: datetime
    grid_kw: float | None = None
    """Positive imports."""
    load_kw: float | None = None
    """Everything that is not an asset."""
    assets: Mapping[str, LiveAsset] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("grid_kw", "load_kw"):
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                object.__setattr__(self, name, None)

    def of(self, asset: str) -> LiveAsset:
        """The measurements of an asset; all unknown where there are none."""
        return self.assets.get(asset, LiveAsset())

    def fresh(self, now: datetime) -> LiveHome:
        """The same, or a home of which nothing is known when the measurements are too old."""
        return self if now - self.at <= STALE_AFTER else LiveHome(at=self.at)

    @property
    def uncontrolled_kw(self) -> float | None:
        """Power of everything that is not an asset: from the meter where possible, as that is what the fuse sees."""
        if self.grid_kw is None:
            return self.load_kw
        drawn = [asset.drawn_kw for asset in self.assets.values()]
        if self.load_kw is not None and None in drawn:
            return self.load_kw
        # Whatever an asset draws without saying so is left in the rest, where the limits still see it.
        return self.grid_kw - sum(power_kw for power_kw in drawn if power_kw is not None)
