"""What the meters of the simulated home show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .device import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the meters of the home show after a step: means over the step, states at its end."""

    at: datetime
    """End of the step, UTC: the home's own time."""
    dt_s: float
    assets: Mapping[str, Measurement]
    load_kw: float
    """Everything that is not an asset."""
    grid_kw: float
    """Positive imports."""
    spikes: Mapping[str, float]
    """The part of the load that named appliances take, in kW."""
    outdoor_c: float
    cloudiness: float
    """0 under a clear sky, 1 without any light; 0 at night."""
    overload_kw: float
    """Import above the fuse's rating."""
    exported_kw: float
    """What was fed in, as a mean; what was drawn is this much above `grid_kw`."""


def merged(readings: Sequence[Reading]) -> Reading:
    """Consecutive readings as one: means of everything that is a mean, states of the last."""
    last = readings[-1]
    if len(readings) == 1:
        return last
    whole_s = sum(reading.dt_s for reading in readings)
    shares = [reading.dt_s / whole_s for reading in readings]

    def mean(values: Sequence[float]) -> float:
        return sum(value * share for value, share in zip(values, shares, strict=True))

    spikes = {name for reading in readings for name in reading.spikes}
    return replace(
        last,
        dt_s=whole_s,
        assets={name: _merged_asset([reading.assets[name] for reading in readings], shares) for name in last.assets},
        load_kw=mean([reading.load_kw for reading in readings]),
        grid_kw=mean([reading.grid_kw for reading in readings]),
        spikes={name: mean([reading.spikes.get(name, 0.0) for reading in readings]) for name in sorted(spikes)},
        outdoor_c=mean([reading.outdoor_c for reading in readings]),
        overload_kw=mean([reading.overload_kw for reading in readings]),
        exported_kw=mean([reading.exported_kw for reading in readings]),
    )


def _merged_asset(measurements: Sequence[Measurement], shares: Sequence[float]) -> Measurement:
    last = measurements[-1]
    power_kw = sum(measured.power_kw * share for measured, share in zip(measurements, shares, strict=True))
    offered = [measured.available_kw for measured in measurements]
    available_kw = sum((value or 0.0) * share for value, share in zip(offered, shares, strict=True))
    return replace(last, power_kw=power_kw, available_kw=None if last.available_kw is None else available_kw)
