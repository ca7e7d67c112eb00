"""One moment of the home, as it is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSample:
    """What one device did; None is unknown and is not counted."""

    power_kw: float | None = None
    """Mean over the sample; positive draws from the bus."""
    energy_kwh: float | None = None
    """In the battery or the plugged-in car."""
    temperature_c: float | None = None
    connected: bool | None = None
    target_kwh: float | None = None
    """EV: what its driver wants at departure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The home from `end` - `dt_s` to `end`."""

    end: datetime
    dt_s: float
    assets: Mapping[str, AssetSample]
    load_kw: float
    """Everything that is not an asset."""
    import_price_per_kwh: float | None
    """None: the energy is counted, its cost is not, and `DayAccount.unpriced_kwh` says so."""
    export_price_per_kwh: float | None
    outdoor_c: float | None = None
    exported_kw: float | None = None
    """Fed in, as a mean, where the sample is so long that the home both imported and exported in it."""

    def __post_init__(self) -> None:
        if self.end.tzinfo is None:
            raise ValueError(f"sample: end must carry a time zone, got the naive time {self.end.isoformat()}")
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if not (isfinite(self.dt_s) and self.dt_s > 0.0):
            raise ValueError(f"sample: dt_s must be above 0, got {self.dt_s}")
        numbers = {"load_kw": self.load_kw, "import_price_per_kwh": self.import_price_per_kwh}
        numbers |= {"export_price_per_kwh": self.export_price_per_kwh, "outdoor_c": self.outdoor_c}
        numbers |= {"exported_kw": self.exported_kw}
        # One that is not would stay in the shadow's books for good.
        fields = ("power_kw", "energy_kwh", "temperature_c", "target_kwh")
        numbers |= {f"{name}.{field}": getattr(asset, field) for name, asset in self.assets.items() for field in fields}
        for name, value in numbers.items():
            if value is not None and not isfinite(value):
                raise ValueError(f"sample: {name} must be a finite number, got {value}")


def cost_of(exchanged_kwh: float, sample: Sample) -> float | None:
    """Money for energy that crossed the meter, positive when paid; None where its price is unknown.

    What does not cross it costs nothing at any price.
    """
    if exchanged_kwh == 0.0:
        return 0.0
    price = sample.import_price_per_kwh if exchanged_kwh > 0.0 else sample.export_price_per_kwh
    return None if price is None else exchanged_kwh * price
