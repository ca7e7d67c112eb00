"""The problems that are measured. Seed 0 is the named problem, the others vary its day, prices and states."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from custom_components.hems.core.forecast import scenarios_of
from custom_components.hems.core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    BatteryState,
    Building,
    CapacityCharge,
    ComfortBand,
    EvCharger,
    EvChargerState,
    EvSession,
    HeatPump,
    HeatPumpState,
    Horizon,
    HotWater,
    HotWaterState,
    PlanRequest,
    Pv,
    PvState,
    Quantile,
    Series,
    Site,
    SolverOptions,
    Tariff,
)

from .series import draws, feed_in, household, market_prices, market_start, outdoors, sunshine

FIRST_DAY = datetime(2020, 4, 14, 15, tzinfo=UTC)
"""Of seed 0."""
type Part = tuple[Asset, AssetState]


def battery_24h(seed: int) -> PlanRequest:
    """PV, load and a battery for a day of 5-minute steps."""
    random, horizon = _day(seed)
    return request_of(horizon, random, (an_array(horizon, random), a_battery("battery", random)))


def battery_2_appliances_24h(seed: int) -> PlanRequest:
    """The same with two programmes that may run at any time of it."""
    random, horizon = _day(seed)
    parts = (
        an_array(horizon, random),
        a_battery("battery", random),
        an_appliance("dishwasher", (2.0, 0.2, 2.0, 0.1), 0.0, 24.0, horizon),
        an_appliance("washing_machine", (2.2, 0.5, 0.3, 0.3, 0.5, 0.2), 0.0, 24.0, horizon),
    )
    return request_of(horizon, random, parts)


def pv_battery_ev_48h(seed: int, *, due_h: float = 48.0) -> PlanRequest:
    """The comparison of two published optimisers: 42 kWh of sun, 24 kWh of load, a car from 18 to 48 kWh."""
    random = Random(seed)
    horizon = Horizon.even(FIRST_DAY.replace(hour=0) + timedelta(days=seed % 12), timedelta(minutes=15), 192)
    battery = Battery(
        name="battery",
        capacity_kwh=10.0,
        max_charge_kw=5.0,
        max_discharge_kw=5.0,
        wear_per_kwh=0.0,
        end_price_per_kwh=0.08,
    )
    charger = EvCharger(name="car", max_current_a=32.0, efficiency=1.0, late_price_per_kwh=10.0)
    car = EvSession(
        arrival=horizon.start,
        departure=horizon.start + timedelta(hours=due_h),
        capacity_kwh=60.0,
        energy_kwh=18.0,
        target_kwh=48.0,
    )
    parts: tuple[Part, ...] = (
        _sized("pv", 42.0, sunshine(8.0, horizon, random)),
        (battery, BatteryState(asset="battery", energy_kwh=5.0)),
        (charger, EvChargerState(asset="car", sessions=(car,))),
    )
    return request_of(
        horizon,
        random,
        parts,
        import_price=_between(0.215, 0.45, market_prices(horizon)),
        load_kw=_scaled(24.0, household(12.0, horizon, random)),
        options=SolverOptions(integer_h=48.0, relative_gap=1e-4, absolute_gap=0.0),
    )


def pv_battery_ev_48h_0700(seed: int) -> PlanRequest:
    """The same, due at seven in the second morning."""
    return pv_battery_ev_48h(seed, due_h=31.0)


def whole_home_48h(seed: int) -> PlanRequest:
    """2 batteries, 2 cars with the choice of phases, heat pump, hot water, 3 appliances, capacity charge."""
    random, start = _start(seed)
    horizon = Horizon.tiered(start)
    parts = (
        an_array(horizon, random),
        a_battery("battery", random),
        a_battery("second_battery", random, capacity_kwh=5.0, max_charge_kw=2.5, max_discharge_kw=2.5),
        a_car("car", (1, 3), 1.0, 16.0, horizon, random),
        a_car("second_car", (1, 3), 0.0, 40.0, horizon, random),
        a_heat_pump(random),
        a_tank(horizon, random),
        an_appliance("dishwasher", (2.0, 0.2, 2.0, 0.1), 0.0, 14.0, horizon),
        an_appliance("washing_machine", (2.2, 0.5, 0.3, 0.3, 0.5, 0.2), 1.0, 24.0, horizon),
        an_appliance("dryer", (2.0, 2.0, 1.5, 1.0), 16.0, 40.0, horizon),
    )
    capacity = CapacityCharge(price_per_kw=4.0, period="month", peak_so_far_kw=4.0)
    return request_of(horizon, random, parts, capacity=capacity)


def whole_home_48h_5_scenarios(seed: int) -> PlanRequest:
    """The same with five ways in which load and sun may turn out."""
    request = whole_home_48h(seed)
    suns = {
        state.asset: _spread(state.available_kw, 0.4, 1.5) for state in request.states if isinstance(state, PvState)
    }
    scenarios = scenarios_of(_spread(request.load_kw, 0.6, 1.6), suns, 5)
    return replace(request, scenarios=scenarios)


CASES: Mapping[str, Callable[[int], PlanRequest]] = {
    "battery-24h-5min": battery_24h,
    "battery-2-appliances-24h-5min": battery_2_appliances_24h,
    "pv-battery-ev-48h-15min": pv_battery_ev_48h,
    "pv-battery-ev-48h-15min-0700": pv_battery_ev_48h_0700,
    "whole-home-48h": whole_home_48h,
    "whole-home-48h-5-scenarios": whole_home_48h_5_scenarios,
}


def request_of(
    horizon: Horizon,
    random: Random,
    parts: tuple[Part, ...],
    *,
    import_price: Series | None = None,
    export_price: Series | None = None,
    capacity: CapacityCharge | None = None,
    load_kw: Series | None = None,
    max_export_kw: float = 10.0,
    options: SolverOptions | None = None,
) -> PlanRequest:
    """A home of these assets, with the market's prices where no others are given."""
    return PlanRequest(
        now=horizon.start,
        horizon=horizon,
        site=Site(
            name="home",
            time_zone="Europe/Berlin",
            max_import_kw=24.0,
            max_export_kw=max_export_kw,
            assets=tuple(asset for asset, _ in parts),
        ),
        tariff=Tariff(
            currency="EUR",
            import_price=import_price or market_prices(horizon),
            export_price=export_price or feed_in(horizon),
            capacity=capacity,
        ),
        load_kw=load_kw or household(random.uniform(6.0, 14.0), horizon, random),
        outdoor_c=outdoors(random.uniform(-3.0, 12.0), horizon),
        states=tuple(state for _, state in parts),
        options=options or SolverOptions(),
    )


def an_array(horizon: Horizon, random: Random, name: str = "pv", *, curtailable: bool = True) -> Part:
    """4 to 10 kWp."""
    peak_kw = round(random.uniform(4.0, 10.0), 1)
    sun = sunshine(peak_kw, horizon, random)
    return Pv(name=name, peak_kw=peak_kw, curtailable=curtailable), PvState(asset=name, available_kw=sun)


def a_battery(
    name: str,
    random: Random,
    *,
    capacity_kwh: float = 10.0,
    max_charge_kw: float = 5.0,
    max_discharge_kw: float = 5.0,
    may_export: bool = True,
    may_charge_ev: bool = True,
) -> Part:
    """Somewhere between nearly empty and nearly full."""
    battery = Battery(
        name=name,
        capacity_kwh=capacity_kwh,
        max_charge_kw=max_charge_kw,
        max_discharge_kw=max_discharge_kw,
        min_soc=0.1,
        may_export=may_export,
        may_charge_ev=may_charge_ev,
    )
    return battery, BatteryState(asset=name, energy_kwh=round(capacity_kwh * random.uniform(0.1, 0.9), 2))


def a_car(
    name: str, phases: tuple[int, ...], arrival_h: float, departure_h: float, horizon: Horizon, random: Random
) -> Part:
    """At home from and to so many hours from now."""
    session = EvSession(
        arrival=horizon.start + timedelta(hours=arrival_h),
        departure=horizon.start + timedelta(hours=departure_h),
        capacity_kwh=60.0,
        energy_kwh=round(random.uniform(12.0, 35.0), 1),
        target_kwh=round(random.uniform(36.0, 50.0), 1),
    )
    return EvCharger(name=name, phases=phases), EvChargerState(asset=name, sessions=(session,))


def a_heat_pump(random: Random, *, min_electric_kw: float = 0.6) -> Part:
    """With a house that loses 0.15 kW per K."""
    heat_pump = HeatPump(
        name="heat_pump",
        min_electric_kw=min_electric_kw,
        max_electric_kw=2.5,
        building=Building(heat_loss_kw_per_k=0.15, heat_capacity_kwh_per_k=10.0, gains_kw=0.3),
        comfort=ComfortBand(min_c=20.0, max_c=23.0),
    )
    return heat_pump, HeatPumpState(asset="heat_pump", indoor_c=round(random.uniform(20.0, 22.5), 1))


def a_tank(horizon: Horizon, random: Random) -> Part:
    """200 l, with an immersion heater that is on or off."""
    tank = HotWater(name="hot_water", volume_l=200.0, max_electric_kw=2.0)
    state = HotWaterState(asset="hot_water", tank_c=round(random.uniform(46.0, 58.0), 1), draw_kw=draws(120.0, horizon))
    return tank, state


def an_appliance(
    name: str, profile_kw: tuple[float, ...], earliest_h: float, latest_end_h: float, horizon: Horizon
) -> Part:
    """One run, no earlier and no later than so many hours from now."""
    run = ApplianceRun(
        earliest_start=horizon.start + timedelta(hours=earliest_h),
        latest_end=horizon.start + timedelta(hours=latest_end_h),
    )
    return Appliance(name=name, profile_kw=profile_kw), ApplianceState(asset=name, runs=(run,))


def _start(seed: int) -> tuple[Random, datetime]:
    random = Random(seed)
    return random, (market_start(random) if seed else FIRST_DAY)


def _day(seed: int) -> tuple[Random, Horizon]:
    random, start = _start(seed)
    return random, Horizon.even(start, timedelta(minutes=5), 288)


def _spread(series: Series, low: float, high: float) -> Series:
    """With P10 and P90 at these parts of the forecast."""
    return Series(
        times=series.times,
        values=series.values,
        quantiles=tuple(
            Quantile(level=level, values=tuple(None if value is None else value * part for value in series.values))
            for level, part in ((0.1, low), (0.9, high))
        ),
    )


def _scaled(kwh: float, series: Series) -> Series:
    """To an energy in all, for steps of equal length."""
    values = [value or 0.0 for value in series.values]
    hours = (series.times[-1] - series.times[0]).total_seconds() / 3600.0
    found = sum(values) * hours / len(values)
    return Series(times=series.times, values=tuple(value * kwh / found for value in values))


def _sized(name: str, kwh: float, sun: Series) -> Part:
    scaled = _scaled(kwh, sun)
    peak_kw = max(value or 0.0 for value in scaled.values)
    return Pv(name=name, peak_kw=peak_kw), PvState(asset=name, available_kw=scaled)


def _between(low: float, high: float, series: Series) -> Series:
    """Stretched to a range."""
    values = [value or 0.0 for value in series.values]
    least, most = min(values), max(values)
    stretched = tuple(low + (high - low) * (value - least) / (most - least) for value in values)
    return Series(times=series.times, values=stretched)
