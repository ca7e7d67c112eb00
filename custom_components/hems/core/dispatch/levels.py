"""The powers a device can take now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatch

from ..model import (
    Appliance,
    Asset,
    Battery,
    Bounds,
    EvCharger,
    FlexibleLoad,
    HeatPump,
    HotWater,
    Pv,
)
from .live import LiveAsset
from .setpoint import Reason

COMMAND_LIFETIME = timedelta(minutes=1)
"""A battery's power is such that it stays within its limits this long without another command."""
TANK_LIMIT_C = 75.0
"""No tank is heated above this, or above its comfort maximum where that is higher: usual limit of immersion
heaters' own thermostats, well below boiling."""
TOLERANCE_KW = 1e-6
ANY_POWER = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Closed intervals of power in rising order, without overlap."""

    ranges: tuple[tuple[float, float], ...]
    limited_by: str = Reason.DEVICE_LIMIT
    """What narrowed the device's own range, or the range itself."""

    @property
    def low_kw(self) -> float:
        """The least power."""
        return self.ranges[0][0]

    @property
    def high_kw(self) -> float:
        """The most power."""
        return self.ranges[-1][1]

    def nearest(self, power_kw: float, bounds: Bounds = ANY_POWER) -> float:
        """The level nearest to a power, within bounds where any level is; else the one nearest to the bounds."""
        low = self.low_kw if bounds.min_kw is None else bounds.min_kw
        high = self.high_kw if bounds.max_kw is None else bounds.max_kw
        inside = [(max(a, low), min(b, high)) for a, b in self.ranges if max(a, low) <= min(b, high)]
        if not inside:
            return self.at_most(high)
        candidates = [min(max(power_kw, a), b) for a, b in inside]
        return min(candidates, key=lambda level: (abs(level - power_kw), abs(level)))

    def at_most(self, power_kw: float) -> float:
        """The highest level not above a power; the lowest level where there is none."""
        below = [min(b, power_kw) for a, b in self.ranges if a <= power_kw + TOLERANCE_KW]
        return max(below[-1], self.low_kw) if below else self.low_kw


def on_off(low_kw: float, high_kw: float, limited_by: str = Reason.DEVICE_LIMIT) -> Levels:
    """Off, or from `low_kw` to `high_kw`."""
    if low_kw <= 0.0:
        return Levels(ranges=((0.0, high_kw),), limited_by=limited_by)
    return Levels(ranges=((0.0, 0.0), (low_kw, high_kw)), limited_by=limited_by)


def off(limited_by: str) -> Levels:
    """Nothing but 0."""
    return Levels(ranges=((0.0, 0.0),), limited_by=limited_by)


@singledispatch
def levels_of(asset: Asset, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """What a device can do in its present state; `trusted`: somebody asked for it, not only the plan.

    One function a kind; an unknown kind can do nothing.
    """
    del asset, live, trusted
    return off(Reason.DEVICE_LIMIT)


def stored_kwh(battery: Battery, live: LiveAsset) -> float | None:
    """Energy in a battery, as far as it is known."""
    energy_kwh = live.energy_kwh
    if energy_kwh is None and live.soc is not None:
        energy_kwh = live.soc * battery.capacity_kwh
    if energy_kwh is None or not -TOLERANCE_KW <= energy_kwh <= battery.capacity_kwh * 1.05:
        return None
    return energy_kwh


def phases_for(charger: EvCharger, power_kw: float, planned: int | None) -> int | None:
    """Phases that give this power: the planned ones if they can, else the fewest."""
    if power_kw <= 0.0:
        return None
    fitting = [
        count
        for count in sorted(charger.phases)
        if charger.min_kw(count) - TOLERANCE_KW <= power_kw <= charger.max_kw(count) + TOLERANCE_KW
    ]
    return planned if planned in fitting else next(iter(fitting), None)


@levels_of.register
def _battery(battery: Battery, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """Full power, less where the reserve or the top would be reached before the next command."""
    del trusted
    energy_kwh = stored_kwh(battery, live)
    if energy_kwh is None:
        return off(Reason.UNKNOWN)
    hours = COMMAND_LIFETIME.total_seconds() / 3600.0
    above_kwh = max(0.0, energy_kwh - battery.min_kwh)
    below_kwh = max(0.0, battery.max_kwh - energy_kwh)
    discharge_kw = min(battery.discharge_limit_kw(energy_kwh), above_kwh * battery.discharge_efficiency / hours)
    charge_kw = min(battery.charge_limit_kw(energy_kwh), below_kwh / battery.charge_efficiency / hours)
    limited_by = Reason.DEVICE_LIMIT
    if discharge_kw < battery.discharge_limit_kw(energy_kwh):
        limited_by = Reason.RESERVE
    elif charge_kw < battery.charge_limit_kw(energy_kwh):
        limited_by = Reason.FULL
    return Levels(ranges=((-discharge_kw, charge_kw),), limited_by=limited_by)


@levels_of.register
def _ev(charger: EvCharger, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """Off without a car; with one, from the least to the most current on each phase count, or back where it can."""
    if live.connected is False:
        return off(Reason.NOT_CONNECTED)
    if live.connected is None and not trusted:
        return off(Reason.UNKNOWN)
    most_kw = charger.max_kw(max(charger.phases))
    if live.max_charge_kw is not None:
        most_kw = min(most_kw, max(0.0, live.max_charge_kw))
    ranges = [
        (charger.min_kw(count), min(charger.max_kw(count), most_kw))
        for count in sorted(charger.phases)
        if charger.min_kw(count) <= most_kw
    ]
    return Levels(ranges=((-charger.max_discharge_kw if live.connected else 0.0, 0.0), *_joined(ranges)))


@levels_of.register
def _pv(array: Pv, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """Held at any power up to its peak."""
    del live, trusted
    return Levels(ranges=((-array.peak_kw, 0.0),))


@levels_of.register
def _heat_pump(pump: HeatPump, live: LiveAsset, *, trusted: bool = True) -> Levels:
    del live, trusted
    return on_off(pump.min_electric_kw, pump.max_electric_kw)


@levels_of.register
def _hot_water(tank: HotWater, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """Off where the tank is as hot as it may ever be, or nobody knows how hot it is."""
    del trusted
    if live.temperature_c is None:
        return off(Reason.UNKNOWN)
    if live.temperature_c >= max(TANK_LIMIT_C, tank.comfort.max_c):
        return off(Reason.TOO_HOT)
    return on_off(tank.least_electric_kw, tank.max_electric_kw)


def _joined(ranges: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping ranges as one."""
    joined: list[tuple[float, float]] = []
    for low, high in ranges:
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


@levels_of.register
def _appliance(appliance: Appliance, live: LiveAsset, *, trusted: bool = True) -> Levels:
    """Not started, or in its programme, which may draw its peak."""
    del live, trusted
    return on_off(max(appliance.profile_kw), max(appliance.profile_kw))


@levels_of.register
def _flexible_load(load: FlexibleLoad, live: LiveAsset, *, trusted: bool = True) -> Levels:
    del live, trusted
    return on_off(load.power_kw, load.power_kw)
