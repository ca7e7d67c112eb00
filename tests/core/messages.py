"""Random messages of every shape the model allows, for tests of the wire format."""

from datetime import UTC, datetime, timedelta, timezone
import string
from typing import Any

from hypothesis import strategies as st

from custom_components.hems.core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    Asset,
    AssetPlan,
    AssetState,
    Battery,
    BatteryState,
    Building,
    CapacityCharge,
    ComfortBand,
    ComfortPeriod,
    CopPoint,
    CostSplit,
    EvCharger,
    EvChargerState,
    EvSession,
    Fallback,
    Feasible,
    FlexibleLoad,
    FlexibleLoadState,
    GridLimit,
    HealthStatus,
    HeatPump,
    HeatPumpState,
    Horizon,
    HotWater,
    HotWaterState,
    HybridInverter,
    HybridInverterState,
    Infeasible,
    InputHealth,
    LegionellaCycle,
    Optimal,
    Override,
    Plan,
    PlanRequest,
    PowerPoint,
    Pv,
    PvState,
    Quantile,
    Series,
    Site,
    SocTarget,
    SolverOptions,
    SolveStats,
    Tariff,
    ThermalMass,
    TimedOut,
    Violation,
    Weights,
)

ANY = st.floats(-1e6, 1e6)
POSITIVE = st.floats(1e-3, 1e6)
AMOUNT = st.floats(0, 1e6)
SHARE = st.floats(0, 1)
NAME = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC)


LONG_AGO = datetime(1999, 12, 31, tzinfo=UTC)
"""Before any of the `moments`."""


def moments() -> st.SearchStrategy[datetime]:
    """Instants in any zone."""
    return st.datetimes(datetime(2000, 1, 3), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001  # gets its zone there


@st.composite
def spans(draw) -> dict[str, datetime]:
    start = draw(moments())
    return {"start": start, "end": start + timedelta(seconds=draw(st.integers(1, 10**6)))}


@st.composite
def horizons(draw) -> Horizon:
    return Horizon(start=draw(moments()), steps_s=tuple(draw(st.lists(st.integers(1, 7200), min_size=1, max_size=6))))


@st.composite
def series_over(draw, horizon: Horizon, values: st.SearchStrategy[float] = ANY, quantiles: bool = True) -> Series:
    """Covers the horizon and sticks out by a little, cut anywhere."""
    length_s = sum(horizon.steps_s)
    cuts = sorted(draw(st.sets(st.integers(1, length_s), max_size=4)))
    times = [horizon.start + timedelta(seconds=seconds) for seconds in (-draw(st.integers(0, 60)), *cuts, length_s + 7)]
    count = len(times) - 1
    bands = []
    for level in draw(st.sets(st.sampled_from([0.05, 0.1, 0.5, 0.9]), max_size=2)) if quantiles else ():
        held = draw(st.lists(values | st.none(), min_size=count, max_size=count))
        bands.append(Quantile(level=level, values=tuple(held)))
    held = draw(st.lists(values, min_size=count, max_size=count))
    return Series(times=tuple(times), values=tuple(held), quantiles=tuple(bands))


@st.composite
def comfort_bands(draw) -> ComfortBand:
    low, high = sorted((draw(st.floats(0, 80)), draw(st.floats(0, 80))))
    periods = st.builds(
        ComfortPeriod,
        start=st.times(),
        end=st.times(),
        weekdays=st.lists(st.integers(0, 6), max_size=2).map(tuple),
        min_c=st.just(low),
        max_c=st.just(high),
    )
    return ComfortBand(
        min_c=low, max_c=high, price_per_kh=draw(AMOUNT), periods=tuple(draw(st.lists(periods, max_size=2)))
    )


@st.composite
def ev_sessions(draw) -> tuple[EvSession, ...]:
    sessions: list[EvSession] = []
    arrival = draw(moments())
    for _ in range(draw(st.integers(0, 2))):
        departure = arrival + timedelta(seconds=draw(st.integers(1, 10**5)))
        capacity_kwh = draw(POSITIVE)
        sessions.append(
            EvSession(
                arrival=arrival,
                departure=departure,
                capacity_kwh=capacity_kwh,
                energy_kwh=capacity_kwh * draw(SHARE),
                target_kwh=capacity_kwh * draw(SHARE),
                max_charge_kw=draw(st.none() | POSITIVE),
                ready_by=draw(st.none() | moments()),
                at_once_kwh=capacity_kwh * draw(SHARE),
                min_kwh=capacity_kwh * draw(SHARE),
                may_export=draw(st.booleans()),
            )
        )
        arrival = departure
    return tuple(sessions)


@st.composite
def appliance_runs(draw) -> ApplianceRun:
    span = draw(spans())
    return ApplianceRun(earliest_start=span["start"], latest_end=span["end"], started=draw(st.none() | moments()))


@st.composite
def batteries(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    low, high = sorted((draw(SHARE), draw(SHARE)))
    asset = Battery(
        name=name,
        capacity_kwh=draw(POSITIVE),
        max_charge_kw=draw(AMOUNT),
        max_discharge_kw=draw(AMOUNT),
        charge_efficiency=draw(st.floats(0.5, 1)),
        min_soc=low,
        max_soc=high,
        reserve_soc=draw(st.sampled_from([None, low, high])),
        charge_curve=draw(st.sampled_from([(), (PowerPoint(soc=0.5, max_kw=5.0), PowerPoint(soc=1.0, max_kw=1.0))])),
        may_export=draw(st.booleans()),
        may_charge_ev=draw(st.booleans()),
    )
    targets = st.builds(SocTarget, by=moments(), soc=SHARE, price_per_kwh=AMOUNT)
    wanted = tuple(draw(st.lists(targets, max_size=2)))
    return asset, BatteryState(asset=name, energy_kwh=draw(AMOUNT), targets=wanted)


@st.composite
def inverters(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    asset = HybridInverter(
        name=name, max_ac_kw=draw(AMOUNT), max_ac_charge_kw=draw(st.none() | AMOUNT), efficiency=draw(st.floats(0.5, 1))
    )
    return asset, HybridInverterState(asset=name)


@st.composite
def arrays(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    asset = Pv(name=name, peak_kw=draw(POSITIVE), curtailable=draw(st.booleans()))
    return asset, PvState(asset=name, available_kw=draw(series_over(horizon, AMOUNT)))


@st.composite
def chargers(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    least, most = sorted((draw(POSITIVE), draw(POSITIVE)))
    phases = draw(st.sampled_from([(1,), (3,), (1, 3)]))
    asset = EvCharger(name=name, min_current_a=least, max_current_a=most, phases=phases)
    return asset, EvChargerState(asset=name, sessions=draw(ev_sessions()))


@st.composite
def heat_pumps(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    most_kw = draw(POSITIVE)
    points = sorted(draw(st.sets(st.floats(-60, 60), min_size=1, max_size=3)))
    asset = HeatPump(
        name=name,
        min_electric_kw=most_kw * draw(SHARE),
        max_electric_kw=most_kw,
        cop=tuple(CopPoint(outdoor_c=outdoor_c, cop=draw(st.floats(0.5, 12))) for outdoor_c in points),
        building=Building(
            heat_loss_kw_per_k=draw(POSITIVE),
            heat_capacity_kwh_per_k=draw(POSITIVE),
            gains_kw=draw(AMOUNT),
            mass=draw(st.none() | st.builds(ThermalMass, heat_capacity_kwh_per_k=POSITIVE, coupling_kw_per_k=POSITIVE)),
        ),
        comfort=draw(comfort_bands()),
    )
    return asset, HeatPumpState(
        asset=name,
        indoor_c=draw(st.floats(-30, 60)),
        mass_c=draw(st.none() | st.floats(-30, 60)),
        on=draw(st.none() | st.booleans()),
        since=draw(st.none() | moments()),
    )


@st.composite
def tanks(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    most_kw = draw(POSITIVE)
    asset = HotWater(
        name=name,
        volume_l=draw(POSITIVE),
        min_electric_kw=draw(st.none() | st.just(most_kw)),
        max_electric_kw=most_kw,
        comfort=draw(comfort_bands()),
        legionella=draw(st.none() | st.builds(LegionellaCycle, temperature_c=st.floats(50, 80))),
        min_on_s=draw(st.integers(0, 3600)),
        min_off_s=draw(st.integers(0, 3600)),
        start_price=draw(AMOUNT),
    )
    state = HotWaterState(
        asset=name,
        tank_c=draw(st.floats(0, 100)),
        draw_kw=draw(series_over(horizon, AMOUNT)),
        since=draw(st.none() | moments()),
        last_disinfected=draw(st.none() | moments()),
        hot_since=draw(st.none() | moments()),
    )
    return asset, state


@st.composite
def appliances(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    profile_kw = tuple(draw(st.lists(AMOUNT, min_size=1, max_size=4)))
    asset = Appliance(name=name, profile_kw=profile_kw, profile_step_s=draw(st.integers(1, 3600)))
    return asset, ApplianceState(asset=name, runs=tuple(draw(st.lists(appliance_runs(), max_size=2))))


@st.composite
def flexible_loads(draw, name: str, horizon: Horizon) -> tuple[Asset, AssetState]:
    asset = FlexibleLoad(
        name=name,
        power_kw=draw(POSITIVE),
        comfort_price_per_kwh=draw(AMOUNT),
        min_on_h_per_day=draw(st.floats(0, 24)),
    )
    return asset, FlexibleLoadState(
        asset=name, wanted=draw(series_over(horizon, SHARE)), given_h_today=draw(st.floats(0, 24))
    )


KINDS = (batteries, inverters, arrays, chargers, heat_pumps, tanks, appliances, flexible_loads)


@st.composite
def tariffs(draw, horizon: Horizon) -> Tariff:
    capacity = st.builds(
        CapacityCharge, price_per_kw=AMOUNT, period=st.sampled_from(["day", "month"]), peak_so_far_kw=AMOUNT
    )
    return Tariff(
        currency=draw(st.text(string.ascii_uppercase, min_size=3, max_size=3)),
        import_price=draw(series_over(horizon)),
        export_price=draw(series_over(horizon)),
        fixed_per_day=draw(ANY),
        capacity=draw(st.none() | capacity),
        import_limit_kw=draw(st.none() | AMOUNT),
        export_limit_kw=draw(st.none() | AMOUNT),
    )


def healths() -> st.SearchStrategy[tuple[InputHealth, ...]]:
    one = st.builds(InputHealth, source=NAME, status=st.sampled_from(HealthStatus), reason=st.text(max_size=20))
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def grid_limits(draw) -> GridLimit:
    limit = st.none() | AMOUNT
    return GridLimit(**draw(spans()), max_import_kw=draw(limit), max_export_kw=draw(limit))


@st.composite
def requests(draw) -> PlanRequest:
    """Any valid request with up to three assets."""
    horizon = draw(horizons())
    names = draw(st.lists(NAME, max_size=3, unique=True))
    parts = [draw(draw(st.sampled_from(KINDS))(name, horizon)) for name in names]
    overrides = st.builds(Override, asset=st.sampled_from(names), power_kw=ANY, until=moments()) | st.builds(
        Override, asset=st.sampled_from(names), power_kw=ANY, start=st.just(LONG_AGO), until=moments()
    )
    site = Site(
        name=draw(NAME),
        time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"])),
        max_import_kw=draw(AMOUNT),
        max_export_kw=draw(AMOUNT),
        assets=tuple(asset for asset, _ in parts),
    )
    return PlanRequest(
        now=horizon.start,
        horizon=horizon,
        site=site,
        tariff=draw(tariffs(horizon)),
        load_kw=draw(series_over(horizon, AMOUNT)),
        outdoor_c=draw(series_over(horizon)),
        co2_kg_per_kwh=draw(series_over(horizon, AMOUNT)),
        states=tuple(state for _, state in parts),
        limits=tuple(draw(st.lists(grid_limits(), max_size=2))),
        overrides=tuple(draw(st.lists(overrides, max_size=2))) if names else (),
        grid_kw=draw(st.none() | ANY),
        weights=draw(
            st.builds(
                Weights,
                co2_price_per_kg=AMOUNT,
                comfort=AMOUNT,
                exchange_price_per_kwh=AMOUNT,
                ramping_price_per_kw=AMOUNT,
            )
        ),
        options=draw(st.builds(SolverOptions, time_limit_s=POSITIVE, relative_gap=SHARE, integer_h=AMOUNT)),
        valid_for_s=draw(st.integers(1, 10**6)),
        health=draw(healths()),
    )


def outcomes() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(Optimal, gap=AMOUNT),
        st.builds(Feasible, gap=AMOUNT),
        st.builds(Infeasible, broken=st.lists(st.text(max_size=10), max_size=2).map(tuple)),
        st.builds(TimedOut, time_limit_s=POSITIVE),
        st.builds(Fallback, reason=st.text(max_size=20)),
    )


@st.composite
def violations(draw) -> Violation:
    return Violation(
        limit=draw(NAME),
        asset=draw(st.none() | NAME),
        amount=draw(ANY),
        unit=draw(st.sampled_from(["kW", "K", "kWh"])),
        reason=draw(st.text(max_size=20)),
        **draw(spans()),
    )


@st.composite
def plans(draw) -> Plan:
    """Any valid plan."""
    horizon = draw(horizons())
    powers = st.lists(ANY, min_size=horizon.steps, max_size=horizon.steps).map(tuple)
    paths = st.dictionaries(NAME, st.lists(ANY, max_size=4).map(tuple), max_size=2)
    asset = st.builds(AssetPlan, asset=NAME, kind=NAME, power_kw=powers, trajectories=paths)
    return Plan(
        made_at=draw(moments()),
        expires_at=draw(moments()),
        horizon=horizon,
        outcome=draw(outcomes()),
        assets=tuple(draw(st.lists(asset, max_size=3))),
        load_kw=draw(powers),
        unserved_kw=draw(powers),
        import_kw=draw(powers),
        export_kw=draw(powers),
        import_price_per_kwh=draw(powers),
        export_price_per_kwh=draw(powers),
        currency="EUR",
        cost=draw(st.builds(CostSplit, energy=ANY, export=ANY, wear=ANY, comfort=ANY, end_value=ANY)),
        violations=tuple(draw(st.lists(violations(), max_size=2))),
        health=draw(healths()),
        keeps_exchange=draw(st.booleans()),
        stats=draw(st.builds(SolveStats, build_s=AMOUNT, solve_s=AMOUNT)),
    )


def plain_json() -> st.SearchStrategy[Any]:
    """Any JSON at all."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


__all__ = ["plain_json", "plans", "requests"]
