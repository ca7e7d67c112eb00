"""What the energy of a stretch is worth where it ends up, or what it has cost where it came from."""

from functools import singledispatch

from ..model import Asset, Battery, FlexibleLoad
from ..model.storage import StoredWorth
from .case import Case, OtherTime
from .stretches import REST_KW
from .words import Action

EMPTY = 0.02
"""Part of its capacity above the reserve: a battery down to that has used what was charged before; one as near to its
top is full."""
DUST_KWH = 1e-6

type Worth = tuple[float | None, OtherTime | None]
"""Currency per kWh at the bus, and when that is earned or was paid."""


def worth_of(case: Case) -> Worth:
    """Of a kWh of the stretch; None where comfort or a deadline, not money, is the reason."""
    return _worth(case.asset, case)


@singledispatch
def _worth(_asset: Asset, _case: Case) -> Worth:
    return None, None


@_worth.register
def _(load: FlexibleLoad, case: Case) -> Worth:
    return case.request.weights.comfort * load.comfort_price_per_kwh, None


@_worth.register
def _(battery: Battery, case: Case) -> Worth:
    """Charging: what the energy will spare. Discharging: what it has cost, wear included."""
    charges = case.during.action is Action.CHARGE
    other = case.other_time(_uses(battery, case) if charges else _sources(battery, case))
    to_cells, from_cells = battery.charge_efficiency, battery.discharge_efficiency
    if other is not None and charges:
        return to_cells * (from_cells * other.price_per_kwh - battery.wear_per_kwh), other
    if other is not None:
        return (other.price_per_kwh / to_cells + battery.wear_per_kwh) / from_cells, other
    if charges:
        return to_cells * _kept_per_kwh(battery, case), None
    return (_later_per_kwh(battery, case) + battery.wear_per_kwh) / from_cells, None


def _later_per_kwh(battery: Battery, case: Case) -> float:
    """What a kWh in the cells could spare after the stretch: used at another time, not charged again, or kept.

    By the prices on the bus, because the stored value of a battery that is empty is that of its last use.
    """
    power_kw, energy_kwh = case.planned.power_kw, case.planned.trajectories["energy_kwh"]
    found: list[float] = []
    for slot in range(case.during.last + 1, len(power_kw)):
        if power_kw[slot] > REST_KW - battery.max_discharge_kw:
            found.append(battery.discharge_efficiency * case.price[slot] - battery.wear_per_kwh)
        if power_kw[slot] > REST_KW:
            found.append(case.price[slot] / battery.charge_efficiency)
        if energy_kwh[slot + 1] >= battery.max_kwh - EMPTY * battery.capacity_kwh:
            # From here on it only keeps out what would be charged.
            return max(found, default=0.0)
    return max((*found, _kept_per_kwh(battery, case)))


def _kept_per_kwh(battery: Battery, case: Case) -> float:
    """What a kWh in the cells is worth to the time after the horizon: of what is charged, or could be left in them."""
    stored, energy_kwh = StoredWorth.of(battery, case.terms), case.planned.trajectories["energy_kwh"]
    moved_kwh = energy_kwh[case.during.last + 1] - energy_kwh[case.during.first]
    left_kwh = energy_kwh[-1] - battery.min_kwh
    if abs(moved_kwh) < DUST_KWH:
        return stored.useful_price
    return (stored.worth(left_kwh) - stored.worth(left_kwh - moved_kwh)) / moved_kwh


def _uses(battery: Battery, case: Case) -> tuple[int, ...]:
    """The later slots that take out what was charged: until the battery is empty."""
    energy_kwh, power_kw = case.planned.trajectories["energy_kwh"], case.planned.power_kw
    found: list[int] = []
    for slot in range(case.during.last + 1, len(power_kw)):
        if power_kw[slot] < -REST_KW:
            found.append(slot)
        if energy_kwh[slot + 1] <= battery.min_kwh + EMPTY * battery.capacity_kwh:
            break
    return tuple(found)


def _sources(battery: Battery, case: Case) -> tuple[int, ...]:
    """The earlier slots that have put in what is taken out: since the battery was empty."""
    energy_kwh, power_kw = case.planned.trajectories["energy_kwh"], case.planned.power_kw
    found: list[int] = []
    for slot in range(case.during.first - 1, -1, -1):
        if energy_kwh[slot + 1] <= battery.min_kwh + EMPTY * battery.capacity_kwh:
            break
        if power_kw[slot] > REST_KW:
            found.append(slot)
    return tuple(reversed(found))
