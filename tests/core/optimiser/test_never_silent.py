"""No request that can be read is left without a plan, and no plan contradicts itself, whatever is asked."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import (
    BatteryState,
    GridLimit,
    Horizon,
    Override,
    PlanRequest,
    PriceSignal,
    Series,
    SolverOptions,
    Weights,
)
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_heat_pump,
    a_heat_pump_state,
    a_hot_water,
    a_hot_water_state,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)
from tests.invariants import assert_sound
from tests.strategies import random_homes

SEEDS = range(3)
"""Of 20: the rest is for whoever changes the formulation."""
ODD_HOMES = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def times(series: Series, factor: float) -> Series:
    return replace(series, values=tuple(None if value is None else value * factor for value in series.values))


@st.composite
def extreme_homes(draw: st.DrawFn) -> PlanRequest:
    """Homes with limits of nothing, loads of a town, and prices in any currency."""
    request = draw(random_homes())
    prices = draw(st.sampled_from((1.0, 0.0, -3.0, 1e3, 1e5)))
    tariff = replace(
        request.tariff,
        import_price=times(request.tariff.import_price, prices),
        export_price=times(request.tariff.export_price, prices),
    )
    site = replace(
        request.site,
        max_import_kw=draw(st.sampled_from((0.0, request.site.max_import_kw, 1e5))),
        max_export_kw=draw(st.sampled_from((0.0, request.site.max_export_kw, 1e5))),
    )
    load_kw = times(request.load_kw, draw(st.sampled_from((0.0, 1.0, 1e-4, 1e3))))
    limit = GridLimit(start=request.now, end=request.horizon.end, max_import_kw=0.0, max_export_kw=0.0)
    limits = draw(st.sampled_from((request.limits, (limit,))))
    integer_h = draw(st.sampled_from((0.0, 2.0, 100.0)))
    options = replace(request.options, integer_h=integer_h, absolute_gap=0.02, relative_gap=1e-3)
    return replace(request, tariff=tariff, site=site, load_kw=load_kw, limits=limits, options=options)


@ODD_HOMES
@given(request=extreme_homes())
def test_extreme_homes_are_planned(request):
    plan = solve(request)
    assert plan.outcome.kind in {"optimal", "feasible"}


def a_day_of(seed: int, horizon: Horizon) -> PlanRequest:
    """A home with everything, under prices that cross zero and each other."""
    rng = Random(seed)
    n = horizon.steps
    return a_request(
        a_battery(may_export=seed % 2 == 0),
        a_battery_state(rng.uniform(0.0, 10.0)),
        a_battery("second", capacity_kwh=5.0),
        a_pv(curtailable=seed % 3 > 0),
        a_pv_state([max(0.0, rng.gauss(2.0, 2.0)) for _ in range(n)], horizon),
        an_ev_charger(phases=(1, 3)),
        an_ev_charger_state(an_ev_session(0, 9), an_ev_session(11, 30)),
        a_heat_pump(),
        a_heat_pump_state(rng.uniform(15.0, 25.0)),
        a_hot_water(),
        a_hot_water_state(rng.uniform(20.0, 60.0), horizon=horizon),
        an_appliance(),
        an_appliance_state(a_run(0, 12)),
        horizon=horizon,
        import_price=[rng.uniform(-0.2, 0.5) for _ in range(n)],
        export_price=[rng.uniform(-0.2, 0.6) for _ in range(n)],
        load_kw=[rng.uniform(0.1, 3.0) for _ in range(n)],
        options=SolverOptions(time_limit_s=4.0),
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("step_min", [5, 15, 30, 60])
def test_every_step_size_is_solved(step_min, seed):
    request = a_day_of(seed, Horizon.even(START, timedelta(minutes=step_min), 6 * 60 // step_min))
    plan = solve(request)
    assert plan.outcome.kind in {"optimal", "feasible"}
    assert_sound(plan, request)


@pytest.mark.parametrize("seed", SEEDS)
def test_long_horizons_are_solved(seed):
    request = a_day_of(seed, Horizon.tiered(START, ((900, 8), (3600, 70))))
    plan = solve(request)
    assert plan.outcome.kind in {"optimal", "feasible"}
    assert_sound(plan, request)


@pytest.mark.parametrize("length_h", [23, 25], ids=["92 quarters", "100 quarters"])
def test_days_of_clock_changes_are_solved(length_h):
    start = {23: "2026-03-28T23:00+00:00", 25: "2026-10-24T22:00+00:00"}[length_h]
    horizon = Horizon.even(START.fromisoformat(start), timedelta(minutes=15), length_h * 4)
    request = a_request(
        a_battery(), horizon=horizon, import_price=[0.2, 0.4] * (2 * length_h), load_kw=1.0, options=SolverOptions()
    )
    plan = solve(request)
    assert len(plan.import_kw) == length_h * 4
    assert_sound(plan, request)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whole_h", [0.0, 2.0], ids=["relaxed", "2 h whole"])
def test_nothing_is_earned_by_burning_energy(seed, whole_h):
    """Paid to draw: the battery's energy follows from its net power in every step, also far from now."""
    rng = Random(seed)
    request = a_request(
        a_battery(wear_per_kwh=0.0),
        a_battery_state(9.0),
        a_pv(curtailable=False),
        a_pv_state([2.0, 0.0] * 12),
        import_price=[rng.uniform(-0.5, 0.1) for _ in range(24)],
        export_price=[rng.uniform(-0.5, 0.3) for _ in range(24)],
        load_kw=0.5,
        price_signals=(PriceSignal(start=hours(3), end=hours(9), import_price_per_kwh=-0.4),),
        overrides=(Override(asset="battery", power_kw=2.0, start=hours(5), until=hours(8)),),
        options=SolverOptions(integer_h=whole_h, relative_gap=0.0, absolute_gap=1e-4),
    )
    plan = solve(request)
    assert_sound(plan, request)
    energy = plan.asset("battery").trajectories["energy_kwh"]
    for power, (before, after) in zip(plan.asset("battery").power_kw, pairwise(energy), strict=True):
        assert after - before == pytest.approx(power * 0.95 if power > 0 else power / 0.95, abs=1e-3)


CONTRADICTIONS = (
    ("two words at once", {"overrides": (("battery", 3.0), ("battery", -3.0))}, {"battery.override"}),
    ("word over the fuse", {"overrides": (("battery", 5.0),), "site": {"max_import_kw": 3.0}}, {"battery.override"}),
    ("load over the limit", {"load_kw": 9.0, "site": {"max_import_kw": 5.0}}, {"grid.unserved"}),
    ("no connection at all", {"load_kw": 9.0, "site": {"max_import_kw": 0.0}}, {"grid.unserved"}),
    ("car too late", {"site": {"max_import_kw": 1.0}}, {"ev_charger.target"}),
)


@pytest.mark.parametrize(
    ("asked", "named"), [case[1:] for case in CONTRADICTIONS], ids=[case[0] for case in CONTRADICTIONS]
)
def test_contradiction_costs_one_limit_and_is_named_with_time_and_amount(asked, named):
    words = tuple(Override(asset=name, power_kw=kw, until=hours(3)) for name, kw in asked.get("overrides", ()))
    request = a_request(
        a_battery(),
        a_battery_state(5.0),
        an_ev_charger(),
        an_ev_charger_state(an_ev_session(0, 8, target_kwh=60.0)),
        **asked | {"overrides": words},
    )
    plan = solve(request)
    violations = {violation.limit: violation for violation in plan.violations}
    assert named <= set(violations)
    for violation in plan.violations:
        assert violation.amount > 0.0
        assert violation.start < violation.end
        assert violation.reason
    assert_sound(plan, request)


def test_money_in_thousands_changes_no_decision():
    """In dong or rupiah nothing is left without supply because a kWh costs more than the price of doing without."""
    request = a_request(a_battery(), a_battery_state(2.0), load_kw=1.0, import_price=[0.2, 0.4] * 12)
    thousand = replace(
        request,
        site=replace(request.site, assets=(a_battery(wear_per_kwh=0.02e4),)),
        tariff=replace(
            request.tariff,
            import_price=times(request.tariff.import_price, 1e4),
            export_price=times(request.tariff.export_price, 1e4),
        ),
    )
    cheap, dear = solve(request), solve(thousand)
    assert dear.violations == ()
    assert dear.cost.total == pytest.approx(1e4 * cheap.cost.total, rel=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_energy_and_money_balance_close(seed):
    request = replace(
        a_day_of(seed, Horizon.tiered(START, ((900, 8), (3600, 20)))), weights=Weights(exchange_price_per_kwh=0.02)
    )
    plan = solve(request)
    h = plan.horizon.steps_h
    drawn = sum(sum(asset.power_kw[i] for asset in plan.assets) * h[i] + plan.load_kw[i] * h[i] for i in range(len(h)))
    assert drawn == pytest.approx(sum(kw * step for kw, step in zip(plan.grid_kw, h, strict=True)), abs=1e-3)
    paid = sum(p * kw * s for p, kw, s in zip(plan.import_price_per_kwh, plan.import_kw, h, strict=True))
    earned = sum(p * kw * s for p, kw, s in zip(plan.export_price_per_kwh, plan.export_kw, h, strict=True))
    assert plan.cost.bill == pytest.approx(paid - earned, abs=1e-9)
    battery = plan.asset("battery")
    start = request.state_of(request.site.assets[0], BatteryState).energy_kwh
    stored = sum((kw * 0.95 if kw > 0 else kw / 0.95) * step for kw, step in zip(battery.power_kw, h, strict=True))
    assert battery.trajectories["energy_kwh"][-1] - start == pytest.approx(stored, abs=1e-3)
