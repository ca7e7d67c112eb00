"""What energy in a battery is worth when the horizon ends."""

from dataclasses import dataclass

from .battery import Battery, BatteryState
from .dc_bus import inverter_of
from .due import Due, step_and_part
from .terms import Terms

KEPT = 0.97
"""Energy that is used now is worth this much more than energy that may be used later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWorth:
    """Concave: the first kWh above the reserve will save imports, the rest can only be sold."""

    useful_kwh: float
    """How much the home's own load of a day can use."""
    useful_price: float
    """Currency per kWh in the cells, wear deducted."""
    rest_price: float

    @classmethod
    def of(cls, battery: Battery, terms: Terms) -> StoredWorth:
        """Of a battery in its home."""
        if battery.end_price_per_kwh is not None:
            price = battery.end_price_per_kwh
            return cls(useful_kwh=battery.max_kwh - battery.min_kwh, useful_price=price, rest_price=price)
        inverter = inverter_of(terms.request.site, battery)
        out_efficiency = battery.discharge_efficiency * (inverter.efficiency if inverter else 1.0)
        own_kwh = terms.later_demand_kwh * terms.battery_share(battery) / out_efficiency
        useful = KEPT * out_efficiency * terms.later_import_worth - battery.wear_per_kwh
        rest = out_efficiency * terms.later_export_worth - battery.wear_per_kwh
        useful = max(0.0, useful, rest)
        return cls(
            useful_kwh=min(own_kwh, battery.max_kwh - battery.min_kwh),
            useful_price=useful,
            rest_price=min(max(0.0, rest), useful),
        )

    def worth(self, above_reserve_kwh: float) -> float:
        """Of that much energy above the reserve (below it, negative)."""
        useful_kwh = min(above_reserve_kwh, self.useful_kwh)
        return useful_kwh * self.useful_price + (above_reserve_kwh - useful_kwh) * self.rest_price


def dues_of(battery: Battery, state: BatteryState, terms: Terms) -> tuple[Due, ...]:
    """The targets that are still ahead; for one after the horizon, what full power cannot add in time by then."""
    horizon, dues = terms.horizon, []
    for target in state.targets:
        if target.by <= horizon.start:
            continue
        after_h = max(0.0, (target.by - horizon.end).total_seconds() / 3600.0)
        step, part = step_and_part(min(target.by, horizon.end), horizon)
        needed_kwh = target.soc * battery.capacity_kwh - battery.charge_efficiency * battery.max_charge_kw * after_h
        dues.append(Due(step=step, part=part, needed_kwh=needed_kwh, price_per_kwh=target.price_per_kwh))
    return tuple(dues)
