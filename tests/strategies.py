"""Hypothesis strategies: homes as odd as the model allows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

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
    CapacityTier,
    ComfortBand,
    ComfortPeriod,
    EvCharger,
    EvChargerState,
    EvSession,
    FlexibleLoad,
    FlexibleLoadState,
    GridLimit,
    HeatPump,
    HeatPumpState,
    Horizon,
    HotWater,
    HotWaterState,
    HybridInverter,
    HybridInverterState,
    LegionellaCycle,
    Override,
    PlanRequest,
    PowerPoint,
    PreviousPlan,
    PriceSignal,
    Pv,
    PvState,
    Quantile,
    Series,
    Site,
    SocTarget,
    SolverOptions,
    Tariff,
    ThermalMass,
    Weights,
)
from custom_components.hems.core.model.asset import PHASES

EXACT = SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-4, integer_h=2.0)

STARTS = (
    datetime(2026, 1, 15, 7, 3, tzinfo=UTC),
    # Europe/Berlin: the nights in which an hour is missing, and repeated.
    datetime(2026, 3, 28, 22, 0, tzinfo=UTC),
    datetime(2026, 10, 24, 22, 10, tzinfo=UTC),
    datetime(2026, 6, 30, 20, 0, tzinfo=UTC),
)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers with a few digits, as they come from meters and price lists."""
    return st.integers(round(low * 100), round(high * 100)).map(lambda hundredths: hundredths / 100.0)


@st.composite
def horizons(draw: st.DrawFn) -> Horizon:
    start = draw(st.sampled_from(STARTS))
    shape = draw(st.sampled_from(("even", "tiered", "odd")))
    if shape == "odd":
        return Horizon(start=start, steps_s=draw(st.sampled_from(((1,), (86400,), (1, 60, 86400), (7, 613, 3600, 5)))))
    if shape == "even":
        return Horizon.even(start, timedelta(minutes=draw(st.sampled_from((5, 15, 30, 60)))), draw(st.integers(1, 16)))
    return Horizon.tiered(start, ((300, 6), (900, 4), (3600, 4)))


@st.composite
def series_over(draw: st.DrawFn, horizon: Horizon, low: float, high: float) -> Series:
    values = draw(st.lists(numbers(low, high), min_size=horizon.steps, max_size=horizon.steps))
    return Series(times=horizon.edges, values=tuple(values))


def times_around(horizon: Horizon) -> st.SearchStrategy[datetime]:
    """From a while before the horizon to a while after it."""
    length_min = int((horizon.end - horizon.start).total_seconds() // 60)
    return st.integers(-120, length_min + 240).map(lambda minutes: horizon.start + timedelta(minutes=minutes))


@st.composite
def draws_over(draw: st.DrawFn, horizon: Horizon) -> Series:
    """Hot water, now and then with what one time in ten exceeds."""
    usual = draw(series_over(horizon, 0.0, 3.0))
    if draw(st.booleans()):
        return usual
    high = draw(series_over(horizon, 0.0, 6.0))
    return replace(usual, quantiles=(Quantile(level=0.9, values=high.values),))


@st.composite
def bands(draw: st.DrawFn, low: float, high: float) -> ComfortBand:
    ends = sorted((draw(numbers(low, high)), draw(numbers(low, high))))
    return ComfortBand(
        min_c=ends[0],
        max_c=ends[1],
        price_per_kh=draw(numbers(0.0, 1.0)),
        periods=tuple(draw(st.lists(comfort_periods(low, high), max_size=2))),
    )


@st.composite
def comfort_periods(draw: st.DrawFn, low: float, high: float) -> ComfortPeriod:
    ends = sorted((draw(numbers(low, high)), draw(numbers(low, high))))
    return ComfortPeriod(
        start=draw(st.times()),
        end=draw(st.times()),
        weekdays=tuple(draw(st.lists(st.integers(0, 6), max_size=3, unique=True))),
        min_c=ends[0],
        max_c=ends[1],
    )


@st.composite
def least_times(draw: st.DrawFn, least_kw: float) -> dict[str, Any]:
    """How a heater may be switched; nothing to say about one that has no least power."""
    if least_kw <= 0.0 or draw(st.booleans()):
        return {}
    seconds = st.sampled_from((0, 600, 1800, 5400))
    return {
        "min_on_s": draw(seconds),
        "min_off_s": draw(seconds),
        "start_price": draw(st.sampled_from((0.0, 0.1))),
    }


@st.composite
def last_switched(draw: st.DrawFn, horizon: Horizon) -> dict[str, Any]:
    """Whether a heater is on, and since when, as far as anybody knows."""
    ago = st.integers(0, 120).map(lambda minutes: horizon.start - timedelta(minutes=minutes))
    return {"on": draw(st.none() | st.booleans()), "since": draw(st.none() | ago)}


@st.composite
def curves(draw: st.DrawFn, *, falling: bool) -> tuple[PowerPoint, ...]:
    """None, or one that narrows to the full or the empty end, in one bend or two."""
    if draw(st.booleans()):
        return ()
    most_kw, knee = draw(numbers(0.5, 6.0)), draw(numbers(0.5, 0.9))
    points = [(0.0, most_kw), (knee, most_kw), (1.0, most_kw * draw(st.sampled_from((0.0, 0.1, 0.5))))]
    if draw(st.booleans()):
        end_kw = points[2][1]
        points.insert(2, ((1.0 + knee) / 2.0, end_kw + 0.75 * (most_kw - end_kw)))
    ends = points if falling else [(1.0 - soc, kw) for soc, kw in reversed(points)]
    return tuple(PowerPoint(soc=soc, max_kw=kw) for soc, kw in ends)


@st.composite
def soc_targets(draw: st.DrawFn, horizon: Horizon) -> tuple[SocTarget, ...]:
    target = st.builds(
        SocTarget, by=times_around(horizon), soc=numbers(0.0, 1.0), price_per_kwh=st.sampled_from((0.0, 0.2, 2.0))
    )
    return tuple(draw(st.lists(target, max_size=2)))


@st.composite
def batteries(draw: st.DrawFn, name: str, horizon: Horizon, inverter: str | None = None) -> tuple[Asset, AssetState]:
    socs = sorted((draw(numbers(0.0, 1.0)), draw(numbers(0.0, 1.0))))
    reserve = draw(st.none() | numbers(0.0, 1.0).map(lambda part: min(socs[1], socs[0] + part * (socs[1] - socs[0]))))
    battery = Battery(
        name=name,
        capacity_kwh=draw(numbers(1.0, 20.0)),
        max_charge_kw=draw(numbers(0.0, 8.0)),
        max_discharge_kw=draw(numbers(0.0, 8.0)),
        charge_efficiency=draw(numbers(0.8, 1.0)),
        discharge_efficiency=draw(numbers(0.8, 1.0)),
        min_soc=socs[0],
        max_soc=socs[1],
        reserve_soc=reserve,
        reserve_price_per_kwh_h=draw(st.sampled_from((0.0, 0.05, 1.0))),
        charge_curve=draw(curves(falling=True)),
        discharge_curve=draw(curves(falling=False)),
        inverter=inverter,
        wear_per_kwh=draw(numbers(0.0, 0.1)),
        may_export=draw(st.booleans()),
        may_charge_ev=draw(st.booleans()),
    )
    state = BatteryState(
        asset=name,
        energy_kwh=battery.capacity_kwh * draw(numbers(0.0, 1.0)),
        targets=draw(soc_targets(horizon)),
    )
    return battery, state


@st.composite
def inverters(draw: st.DrawFn, name: str) -> tuple[Asset, AssetState]:
    inverter = HybridInverter(
        name=name,
        max_ac_kw=draw(numbers(0.0, 8.0)),
        max_ac_charge_kw=draw(st.none() | numbers(0.0, 8.0)),
        efficiency=draw(numbers(0.9, 1.0)),
    )
    return inverter, HybridInverterState(asset=name)


@st.composite
def arrays(draw: st.DrawFn, name: str, horizon: Horizon, inverter: str | None = None) -> tuple[Asset, AssetState]:
    pv = Pv(name=name, peak_kw=draw(numbers(0.5, 12.0)), curtailable=draw(st.booleans()), inverter=inverter)
    return pv, PvState(asset=name, available_kw=draw(series_over(horizon, 0.0, 12.0)))


@st.composite
def chargers(draw: st.DrawFn, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    charger = EvCharger(
        name=name,
        max_current_a=draw(st.sampled_from((6.0, 16.0, 32.0))),
        phases=draw(st.sampled_from(((1,), (3,), (1, 3)))),
        efficiency=draw(numbers(0.8, 1.0)),
        late_price_per_kwh=draw(numbers(0.0, 2.0)),
        max_discharge_kw=draw(st.sampled_from((0.0, 0.0, 7.0))),
        discharge_efficiency=draw(numbers(0.8, 1.0)),
        wear_per_kwh=draw(numbers(0.0, 0.1)),
    )
    edges = sorted(set(draw(st.lists(times_around(horizon), min_size=0, max_size=4))))
    sessions = [
        EvSession(
            arrival=arrival,
            departure=departure,
            capacity_kwh=40.0,
            energy_kwh=draw(numbers(0.0, 40.0)),
            target_kwh=draw(numbers(0.0, 40.0)),
            max_charge_kw=draw(st.none() | numbers(1.0, 11.0)),
            max_discharge_kw=draw(st.none() | numbers(0.0, 8.0)),
            ready_by=draw(st.none() | times_around(horizon)),
            at_once_kwh=draw(st.sampled_from((0.0, 0.0, 10.0, 30.0))),
            min_kwh=draw(st.sampled_from((0.0, 20.0))),
            may_export=draw(st.booleans()),
        )
        for arrival, departure in zip(edges[::2], edges[1::2], strict=False)
    ]
    return charger, EvChargerState(asset=name, sessions=tuple(sessions))


@st.composite
def heat_pumps(draw: st.DrawFn, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    max_kw = draw(numbers(0.5, 4.0))
    min_kw = max_kw * draw(st.sampled_from((0.0, 0.3, 1.0)))
    masses = st.builds(ThermalMass, heat_capacity_kwh_per_k=numbers(1.0, 30.0), coupling_kw_per_k=numbers(0.1, 3.0))
    building = Building(
        heat_loss_kw_per_k=draw(numbers(0.05, 0.4)),
        heat_capacity_kwh_per_k=draw(numbers(1.0, 20.0)),
        gains_kw=draw(numbers(0.0, 1.0)),
        mass=draw(st.none() | masses),
    )
    heat_pump = HeatPump(
        name=name,
        min_electric_kw=min_kw,
        max_electric_kw=max_kw,
        building=building,
        comfort=draw(bands(17.0, 25.0)),
        **draw(least_times(min_kw)),
    )
    return heat_pump, HeatPumpState(
        asset=name,
        indoor_c=draw(numbers(10.0, 30.0)),
        mass_c=draw(st.none() | numbers(10.0, 30.0)),
        **draw(last_switched(horizon)),
    )


@st.composite
def tanks(draw: st.DrawFn, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    max_kw = draw(numbers(0.3, 3.0))
    min_kw = draw(st.sampled_from((None, 0.0, max_kw * 0.5)))
    cycles = st.builds(
        LegionellaCycle,
        temperature_c=numbers(50.0, 70.0),
        hold_s=st.sampled_from((0, 900, 3600)),
        late_price_per_day=numbers(0.0, 5.0),
    )
    tank = HotWater(
        name=name,
        volume_l=draw(numbers(50.0, 400.0)),
        min_electric_kw=min_kw,
        max_electric_kw=max_kw,
        cop=draw(st.sampled_from((1.0, 3.0))),
        heat_loss_kw_per_k=draw(st.sampled_from((0.0, 0.002, 0.01))),
        comfort=draw(bands(40.0, 65.0)),
        legionella=draw(st.none() | cycles),
        **draw(least_times(max_kw if min_kw is None else min_kw)),
    )
    ago = st.integers(0, 9 * 24).map(lambda hours: horizon.start - timedelta(hours=hours))
    return tank, HotWaterState(
        asset=name,
        tank_c=draw(numbers(5.0, 80.0)),
        draw_kw=draw(draws_over(horizon)),
        last_disinfected=draw(st.none() | ago),
        hot_since=draw(st.none() | ago),
        **draw(last_switched(horizon)),
    )


@st.composite
def appliances(draw: st.DrawFn, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    appliance = Appliance(
        name=name,
        profile_kw=tuple(draw(st.lists(numbers(0.0, 3.0), min_size=1, max_size=4))),
        profile_step_s=draw(st.sampled_from((600, 900))),
        skip_price=draw(numbers(0.0, 5.0)),
    )
    runs = []
    for _ in range(draw(st.integers(0, 2))):
        earliest = draw(times_around(horizon))
        latest_end = earliest + timedelta(minutes=draw(st.integers(10, 400)))
        started = earliest if earliest <= horizon.start and draw(st.booleans()) else None
        runs.append(ApplianceRun(earliest_start=earliest, latest_end=latest_end, started=started))
    return appliance, ApplianceState(asset=name, runs=tuple(runs))


@st.composite
def switches(draw: st.DrawFn, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    load = FlexibleLoad(
        name=name,
        power_kw=draw(numbers(0.1, 3.0)),
        comfort_price_per_kwh=draw(numbers(0.0, 1.0)),
        min_on_h_per_day=draw(st.sampled_from((0.0, 0.5, 4.0, 24.0))),
        short_price_per_h=draw(numbers(0.0, 2.0)),
    )
    return load, FlexibleLoadState(
        asset=name, wanted=draw(series_over(horizon, 0.0, 1.0)), given_h_today=draw(numbers(0.0, 5.0))
    )


@st.composite
def tariffs(draw: st.DrawFn, horizon: Horizon) -> Tariff:
    """Sane, negative, and dearer to sell than to buy."""
    ends_kw = sorted(draw(st.sets(numbers(0.5, 15.0), max_size=3)))
    fees = sorted(draw(st.lists(numbers(0.0, 20.0), min_size=len(ends_kw) + 1, max_size=len(ends_kw) + 1)))
    tiers = tuple(CapacityTier(up_to_kw=end, fee=fee) for end, fee in zip((*ends_kw, None), fees, strict=True))
    capacity = st.builds(
        CapacityCharge,
        price_per_kw=numbers(0.0, 5.0),
        tiers=st.sampled_from(((), tiers)),
        period=st.sampled_from(("day", "month")),
        peak_so_far_kw=numbers(0.0, 5.0),
    )
    low, high = draw(st.sampled_from(((0.1, 0.5), (-0.3, 0.4))))
    export_low, export_high = draw(st.sampled_from(((0.05, 0.1), (-0.2, 0.6))))
    return Tariff(
        currency="EUR",
        import_price=draw(series_over(horizon, low, high)),
        export_price=draw(series_over(horizon, export_low, export_high)),
        fixed_per_day=draw(numbers(0.0, 1.0)),
        capacity=draw(st.none() | capacity),
        import_limit_kw=draw(st.none() | numbers(2.0, 20.0)),
        export_limit_kw=draw(st.none() | numbers(0.0, 10.0)),
    )


@st.composite
def limits(draw: st.DrawFn, horizon: Horizon) -> GridLimit:
    start = draw(times_around(horizon))
    return GridLimit(
        start=start,
        end=start + timedelta(minutes=draw(st.integers(5, 300))),
        max_import_kw=draw(st.none() | numbers(0.0, 5.0)),
        max_export_kw=draw(st.none() | numbers(0.0, 5.0)),
    )


@st.composite
def price_signals(draw: st.DrawFn, horizon: Horizon) -> PriceSignal:
    start = draw(times_around(horizon))
    return PriceSignal(
        start=start,
        end=start + timedelta(minutes=draw(st.integers(5, 300))),
        import_price_per_kwh=draw(numbers(-0.5, 1.0)),
        export_price_per_kwh=draw(numbers(-0.5, 1.0)),
    )


@st.composite
def previous_plans(draw: st.DrawFn, names: list[str], horizon: Horizon) -> PreviousPlan:
    """Of some assets; also of one that is gone."""
    told = draw(st.lists(st.sampled_from([*names, "gone"]), unique=True))
    return PreviousPlan(powers_kw={name: draw(series_over(horizon, -5.0, 5.0)) for name in told})


@st.composite
def overrides(draw: st.DrawFn, names: list[str], horizon: Horizon) -> Override:
    until = draw(times_around(horizon))
    earlier = st.integers(1, 600).map(lambda minutes: until - timedelta(minutes=minutes))
    return Override(
        asset=draw(st.sampled_from(names)),
        power_kw=draw(numbers(-8.0, 12.0)),
        start=draw(st.none() | earlier),
        until=until,
    )


@st.composite
def random_homes(draw: st.DrawFn, *, with_overrides: bool = True) -> PlanRequest:
    """A request with any mix of assets, in any state that the model accepts."""
    horizon = draw(horizons())
    inverter = draw(st.none() | st.just("inverter"))
    kinds: dict[str, st.SearchStrategy[tuple[Asset, AssetState]]] = {
        "battery": batteries("battery", horizon, inverter),
        "second_battery": batteries("second_battery", horizon),
        "pv": arrays("pv", horizon, inverter),
        "second_pv": arrays("second_pv", horizon, inverter),
        "car": chargers("car", horizon),
        "heat_pump": heat_pumps("heat_pump", horizon),
        "tank": tanks("tank", horizon),
        "dishwasher": appliances("dishwasher", horizon),
        "lights": switches("lights", horizon),
    }
    names = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True))
    parts = [draw(kinds[name]) for name in names]
    if inverter:
        names.append(inverter)
        parts.append(draw(inverters(inverter)))
    extra: dict[str, Any] = {}
    phases_a = draw(st.none() | numbers(0.0, 40.0))
    if phases_a is not None:
        parts = [(replace(asset, phase=draw(st.none() | st.sampled_from(PHASES))), state) for asset, state in parts]
    if with_overrides and names:
        extra["overrides"] = tuple(draw(st.lists(overrides(names, horizon), max_size=2)))
    return PlanRequest(
        now=horizon.start,
        horizon=horizon,
        site=Site(
            name="home",
            time_zone=draw(st.sampled_from(("Europe/Berlin", "Asia/Kolkata", "UTC"))),
            max_import_kw=draw(numbers(0.0, 20.0)),
            max_export_kw=draw(numbers(0.0, 20.0)),
            max_import_a_per_phase=phases_a,
            load_phase_shares=draw(st.sampled_from(((1 / 3, 1 / 3, 1 / 3), (0.8, 0.2, 0.0)))),
            assets=tuple(asset for asset, _ in parts),
        ),
        tariff=draw(tariffs(horizon)),
        load_kw=draw(series_over(horizon, 0.0, 6.0)),
        outdoor_c=draw(series_over(horizon, -15.0, 35.0)),
        co2_kg_per_kwh=draw(series_over(horizon, 0.0, 0.9)),
        states=tuple(state for _, state in parts),
        limits=tuple(draw(st.lists(limits(horizon), max_size=2))),
        price_signals=tuple(draw(st.lists(price_signals(horizon), max_size=2))),
        previous=draw(st.none() | previous_plans(names, horizon)),
        weights=Weights(
            co2_price_per_kg=draw(st.sampled_from((0.0, 0.1))),
            comfort=draw(st.sampled_from((0.0, 1.0, 3.0))),
            exchange_price_per_kwh=draw(st.sampled_from((0.0, 0.05))),
            ramping_price_per_kw=draw(st.sampled_from((0.0, 0.0, 0.1))),
        ),
        grid_kw=draw(st.sampled_from((None, -1.0, 2.0))),
        options=EXACT,
        **extra,
    )
