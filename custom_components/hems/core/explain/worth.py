"""What the energy of a stretch is worth where it ends up, or what it has cost where it came from."""

from functools import singledispatch

from ..model import Asset, Battery, FlexibleLoad
from .case import Case, OtherTime
from .stretches import REST_KW
from .words import Action

EMPTY = 0.02
"""Part of its capacity above the reserve: a battery down to that has used what was charged before."""

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
    stored = case.marginals.stored_value_per_kwh.get(battery.name)
    if stored is None:
        return None, None
    in_cells = stored[case.during.last + 1]
    return (to_cells * in_cells if charges else (in_cells + battery.wear_per_kwh) / from_cells), None


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
