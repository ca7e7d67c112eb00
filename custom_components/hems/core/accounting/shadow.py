"""The same home on the same days without HEMS: what the saving is measured against.

The shadow has the same devices, each with its own rule: the battery takes the surplus and covers the
deficit, the car charges at full power from its arrival until its target, thermostats heat at the lower
end of their band, and PV is never curtailed below what was produced. What its devices hold (SoC of the
battery, heat, energy in the car) is carried over from day to day. Appliances and flexible loads count
as they ran, because nobody can know when they would have.

A shadow tank differs from the real one only by the power it took: with D = T_shadow - T the draws, the
weather and the gains cancel, leaving C dD/dt = COP (P_shadow - P) - heat_loss D. So the shadow needs no
measurement that the real home does not have, and no model of the people.

A home with a plan is often behind its shadow, whose car was charged on arrival, or ahead of it, with a
battery filled by night. `leads_kwh` says by how much, so that the saving of a day counts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite
from typing import Protocol

from ..model import Battery, EvCharger, HeatPump, HotWater, Site


class Observed(Protocol):
    """What the shadow needs to know of a real device: `AssetSample`."""

    @property
    def power_kw(self) -> float | None:
        """Positive draws."""

    @property
    def energy_kwh(self) -> float | None:
        """In the battery or the car."""

    @property
    def temperature_c(self) -> float | None:
        """Of the building or tank."""

    @property
    def connected(self) -> bool | None:
        """Whether the car is here."""

    @property
    def target_kwh(self) -> float | None:
        """Wanted in the car."""


@dataclass(slots=True)
class Difference:
    """How far a shadow device is ahead of the real one."""

    ahead: float = 0.0
    """K of a thermal store, kWh of a car."""
    heating: bool = False


@dataclass(slots=True)
class Cells:
    """Energy in a battery and in its shadow."""

    shadow_kwh: float
    real_kwh: float | None
    """As last measured; None if it was not since these are kept."""


class Shadow:
    """What the grid would exchange without HEMS."""

    def __init__(self, site: Site) -> None:
        """Batteries begin where the real ones are."""
        self._site = site
        self._differences: dict[str, Difference] = {}
        self._cells: dict[str, Cells] = {}

    def grid_kw(self, observed: Mapping[str, Observed], load_kw: float, outdoor_c: float | None, dt_h: float) -> float:
        """Live through one sample; positive imports."""
        net_kw = load_kw
        for asset in self._site.assets:
            sample = observed.get(asset.name)
            if sample is None or isinstance(asset, Battery):
                continue
            match asset:
                case HeatPump() if outdoor_c is not None:
                    net_kw += self._heat_pump_kw(asset, sample, outdoor_c, dt_h)
                case HotWater():
                    net_kw += self._hot_water_kw(asset, sample, dt_h)
                case EvCharger():
                    net_kw += self._car_kw(asset, sample, dt_h)
                case _:
                    net_kw += sample.power_kw or 0.0
        for asset in self._site.assets:
            if isinstance(asset, Battery) and asset.name in observed:
                net_kw += self._battery_kw(asset, observed[asset.name], net_kw, dt_h)
        return net_kw

    def stored_kwh(self, name: str) -> float | None:
        """Energy in a shadow battery; None before its first sample."""
        cells = self._cells.get(name)
        return None if cells is None else cells.shadow_kwh

    def leads_kwh(self, outdoor_c: float | None) -> dict[str, float]:
        """By asset, where it is known: how far the real one is ahead of its shadow, as energy at the bus.

        That is what a battery that is ahead can still give, and what it takes to catch up with one that is
        behind; heat counts as the electricity that makes it at this outdoor temperature.
        """
        leads_kwh: dict[str, float] = {}
        for asset in self._site.assets:
            cells, behind = self._cells.get(asset.name), self._differences.get(asset.name)
            match asset:
                case Battery() if cells is not None and cells.real_kwh is not None:
                    lead_kwh = cells.real_kwh - cells.shadow_kwh
                    factor = asset.discharge_efficiency if lead_kwh > 0.0 else 1.0 / asset.charge_efficiency
                    leads_kwh[asset.name] = lead_kwh * factor
                case EvCharger() if behind is not None:
                    leads_kwh[asset.name] = -behind.ahead / asset.efficiency
                case HeatPump() if behind is not None and outdoor_c is not None:
                    heat_kwh = -behind.ahead * asset.building.heat_capacity_kwh_per_k
                    leads_kwh[asset.name] = heat_kwh / asset.cop_at(outdoor_c)
                case HotWater() if behind is not None:
                    leads_kwh[asset.name] = -behind.ahead * asset.heat_capacity_kwh_per_k / asset.cop
                case _:
                    pass
        return leads_kwh

    def resume(self, observed: Mapping[str, Observed], dt_h: float) -> None:
        """Before the first sample after a silence: what a real battery did meanwhile, its shadow did too."""
        for asset in self._site.assets:
            cells, sample = self._cells.get(asset.name), observed.get(asset.name)
            if not isinstance(asset, Battery) or cells is None or sample is None or sample.energy_kwh is None:
                continue
            now_kwh = _before(asset, sample.energy_kwh, sample.power_kw, dt_h)
            if cells.real_kwh is not None:
                cells.shadow_kwh = min(max(cells.shadow_kwh + now_kwh - cells.real_kwh, 0.0), asset.capacity_kwh)
            cells.real_kwh = now_kwh

    def state(self) -> dict[str, object]:
        """JSON-able."""
        return {
            "batteries": {
                name: {"shadow_kwh": cells.shadow_kwh, "real_kwh": cells.real_kwh}
                for name, cells in self._cells.items()
            },
            "differences": {
                name: {"ahead": difference.ahead, "heating": difference.heating}
                for name, difference in self._differences.items()
            },
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Go on from a `state`; devices that the site no longer has are forgotten."""
        batteries, differences = state.get("batteries"), state.get("differences")
        if not (isinstance(batteries, Mapping) and isinstance(differences, Mapping)):
            raise ValueError("accounting: shadow must have batteries and differences")  # noqa: TRY004 - bad content
        for name, entry in batteries.items():
            if self._site.asset(name) is not None and isinstance(entry, Mapping):
                real_kwh = entry.get("real_kwh")
                self._cells[name] = Cells(
                    shadow_kwh=finite_number("shadow_kwh", entry.get("shadow_kwh")),
                    real_kwh=None if real_kwh is None else finite_number("real_kwh", real_kwh),
                )
        for name, entry in differences.items():
            if self._site.asset(name) is not None and isinstance(entry, Mapping):
                ahead = finite_number("ahead", entry.get("ahead"))
                self._differences[name] = Difference(ahead=ahead, heating=entry.get("heating") is True)

    def _heat_pump_kw(self, pump: HeatPump, sample: Observed, outdoor_c: float, dt_h: float) -> float:
        difference = self._of(pump.name)
        swing_k = min(0.3, (pump.comfort.max_c - pump.comfort.min_c) / 4.0)
        low_c, high_c = pump.comfort.min_c + swing_k, pump.comfort.min_c + 3.0 * swing_k
        power_kw = _thermostat_kw(difference, sample, (low_c, high_c), pump.max_electric_kw)
        extra_kw = pump.cop_at(outdoor_c) * (power_kw - (sample.power_kw or 0.0))
        building = pump.building
        _drift(difference, extra_kw, building.heat_loss_kw_per_k, building.heat_capacity_kwh_per_k, dt_h)
        return power_kw

    def _hot_water_kw(self, tank: HotWater, sample: Observed, dt_h: float) -> float:
        difference = self._of(tank.name)
        margin_k = min(2.0, (tank.comfort.max_c - tank.comfort.min_c) / 5.0)
        low_c = tank.comfort.min_c + margin_k
        power_kw = _thermostat_kw(
            difference, sample, (low_c, min(low_c + 6.0, tank.comfort.max_c)), tank.max_electric_kw
        )
        extra_kw = tank.cop * (power_kw - (sample.power_kw or 0.0))
        _drift(difference, extra_kw, tank.heat_loss_kw_per_k, tank.heat_capacity_kwh_per_k, dt_h)
        return power_kw

    def _car_kw(self, charger: EvCharger, sample: Observed, dt_h: float) -> float:
        real_kw = sample.power_kw or 0.0
        if sample.energy_kwh is None or sample.target_kwh is None or not sample.connected:
            return real_kw
        difference = self._of(charger.name)
        # A shadow car that is ahead cannot take what its own target does not leave room for.
        room_kwh = max(0.0, sample.target_kwh - sample.energy_kwh - difference.ahead)
        power_kw = min(charger.max_kw(max(charger.phases)), room_kwh / charger.efficiency / dt_h)
        difference.ahead += charger.efficiency * (power_kw - real_kw) * dt_h
        return power_kw

    def _battery_kw(self, battery: Battery, sample: Observed, net_kw: float, dt_h: float) -> float:
        cells = self._cells.get(battery.name)
        if cells is None:
            if sample.energy_kwh is None:
                return 0.0
            start_kwh = _before(battery, sample.energy_kwh, sample.power_kw, dt_h)
            cells = self._cells[battery.name] = Cells(shadow_kwh=start_kwh, real_kwh=start_kwh)
        energy_kwh = cells.shadow_kwh
        room_kw = max(0.0, battery.max_kwh - energy_kwh) / battery.charge_efficiency / dt_h
        stock_kw = max(0.0, energy_kwh - battery.min_kwh) * battery.discharge_efficiency / dt_h
        least_kw, most_kw = -min(battery.max_discharge_kw, stock_kw), min(battery.max_charge_kw, room_kw)
        power_kw = min(max(-net_kw, least_kw), most_kw)
        cells.shadow_kwh = energy_kwh + _into_cells(battery, power_kw) * dt_h
        cells.real_kwh = cells.real_kwh if sample.energy_kwh is None else sample.energy_kwh
        return power_kw

    def _of(self, name: str) -> Difference:
        return self._differences.setdefault(name, Difference())


def _into_cells(battery: Battery, power_kw: float) -> float:
    return power_kw * battery.charge_efficiency if power_kw > 0.0 else power_kw / battery.discharge_efficiency


def _before(battery: Battery, energy_kwh: float, power_kw: float | None, dt_h: float) -> float:
    """In the cells when the sample began that ended with `energy_kwh`."""
    return min(max(energy_kwh - _into_cells(battery, power_kw or 0.0) * dt_h, 0.0), battery.capacity_kwh)


def _thermostat_kw(difference: Difference, sample: Observed, band_c: tuple[float, float], full_kw: float) -> float:
    """What the thermostat of the shadow takes; like the real device where no temperature is known."""
    if sample.temperature_c is None:
        return sample.power_kw or 0.0
    shadow_c = sample.temperature_c + difference.ahead
    if shadow_c < band_c[0]:
        difference.heating = True
    elif shadow_c > band_c[1]:
        difference.heating = False
    return full_kw if difference.heating else 0.0


def _drift(
    difference: Difference, extra_kw: float, loss_kw_per_k: float, capacity_kwh_per_k: float, dt_h: float
) -> None:
    """C dD/dt = extra heat - heat_loss D, solved exactly."""
    if loss_kw_per_k <= 0.0:
        difference.ahead += extra_kw * dt_h / capacity_kwh_per_k
        return
    settled_k = extra_kw / loss_kw_per_k
    difference.ahead = settled_k + (difference.ahead - settled_k) * exp(-dt_h * loss_kw_per_k / capacity_kwh_per_k)


def finite_number(field: str, value: object) -> float:
    """A finite number of a kept state."""
    if isinstance(value, bool) or not (isinstance(value, int | float) and isfinite(value)):
        raise ValueError(f"accounting: {field} must be a finite number, got {value!r}")
    return float(value)
