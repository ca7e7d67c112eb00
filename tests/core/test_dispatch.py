"""Proposals, device limits and site limits: what always holds, and what each rule does."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from math import isfinite

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, Setpoint, of_override, resolve, setpoints
from custom_components.hems.core.dispatch.levels import COMMAND_LIFETIME
from custom_components.hems.core.model import (
    Asset,
    AssetPlan,
    Bounds,
    CostSplit,
    GridLimit,
    HealthStatus,
    Horizon,
    Optimal,
    Override,
    Plan,
    Priority,
    Proposal,
    Source,
)
from tests.builders import (
    START,
    a_battery,
    a_flexible_load,
    a_heat_pump,
    a_hot_water,
    a_pv,
    a_run,
    a_site,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

BY_SOURCE = {
    Source.SAFETY: Priority.SAFETY,
    Source.GRID_OPERATOR: Priority.GRID_OPERATOR,
    Source.USER: Priority.USER,
    Source.PLAN: Priority.PLAN,
}


def a_proposal(source=Source.PLAN, wanted_kw=None, low=None, high=None, expires_h=1.0, asset="battery", start=None):
    return Proposal(
        asset=asset,
        source=source,
        priority=BY_SOURCE[source],
        bounds_kw=Bounds(min_kw=low, max_kw=high),
        wanted_kw=wanted_kw,
        start=start,
        expires=hours(expires_h),
        reason=source.value,
    )


PLAN_3 = a_proposal(Source.PLAN, wanted_kw=3.0)
CAP_2 = a_proposal(Source.GRID_OPERATOR, high=2.0)
USER_3 = a_proposal(Source.USER, wanted_kw=3.0, low=3.0, high=3.0)


@pytest.mark.parametrize(
    ("description", "proposals", "power_kw", "source"),
    [
        ("nobody wants anything", [], None, Source.FALLBACK),
        ("the plan alone", [PLAN_3], 3.0, Source.PLAN),
        ("the operator narrows", [PLAN_3, CAP_2], 2.0, Source.GRID_OPERATOR),
        ("a cap that does not bite", [a_proposal(wanted_kw=1.0), CAP_2], 1.0, Source.PLAN),
        ("the user insists", [a_proposal(wanted_kw=-1.0), USER_3], 3.0, Source.USER),
        ("the user within the cap", [USER_3, CAP_2], 2.0, Source.GRID_OPERATOR),
        ("safety above all", [USER_3, CAP_2, a_proposal(Source.SAFETY, low=0, high=0)], 0.0, Source.SAFETY),
        ("disjoint bounds", [a_proposal(Source.SAFETY, low=4.0), CAP_2, PLAN_3], 4.0, Source.SAFETY),
        ("the lower chooses inside", [a_proposal(Source.USER, wanted_kw=1, low=0, high=4), PLAN_3], 3.0, Source.PLAN),
        ("expired does not act", [PLAN_3, a_proposal(Source.USER, 1.0, 1.0, 1.0, expires_h=0.0)], 3.0, Source.PLAN),
        ("not yet", [PLAN_3, a_proposal(Source.USER, 1.0, 1.0, 1.0, start=hours(0.5))], 3.0, Source.PLAN),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_higher_priorities_narrow_and_lower_ones_choose_inside(description, proposals, power_kw, source):
    for order in permutations(proposals):
        resolved = resolve(order, START)
        assert (resolved.power_kw, resolved.source) == (power_kw, source), description


_powers = st.floats(-20, 20)


@st.composite
def _proposals(draw, asset="battery"):
    source = draw(st.sampled_from(list(BY_SOURCE)))
    ends = sorted(draw(st.tuples(_powers, _powers)))
    low, high = (end if draw(st.booleans()) else None for end in ends)
    expires_h = draw(st.sampled_from([-1.0, 0.0, 1.0]))
    start = draw(st.sampled_from([None, hours(-1.0), hours(0.0), hours(0.5)]))
    return a_proposal(source, draw(st.none() | _powers), low, high, expires_h=expires_h, asset=asset, start=start)


@given(st.lists(_proposals(), max_size=5))
def test_the_highest_bounds_are_always_kept_and_those_out_of_time_never_matter(proposals):
    resolved = resolve(proposals, START)
    alive = [proposal for proposal in proposals if proposal.expires > START and proposal.start != hours(0.5)]
    assert resolved == resolve(reversed(alive), START)
    top = max((proposal.priority for proposal in alive), default=None)
    tops = [proposal for proposal in alive if proposal.priority == top]
    if len(tops) == 1 and resolved.power_kw is not None:
        bounds = tops[0].bounds_kw
        assert bounds.min_kw is None or resolved.power_kw >= bounds.min_kw
        assert bounds.max_kw is None or resolved.power_kw <= bounds.max_kw


SITE = a_site(
    a_pv(peak_kw=8.0),
    a_battery(min_soc=0.1, max_soc=0.95),
    an_ev_charger(phases=(1, 3)),
    a_heat_pump(),
    a_hot_water(),
    an_appliance(),
    a_flexible_load(),
    max_import_kw=9.0,
    max_export_kw=4.0,
)
NAMES = tuple(asset.name for asset in SITE.assets)
_wild = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(-15, 15)


@st.composite
def _lives(draw):
    return LiveHome(
        at=START - timedelta(minutes=draw(st.sampled_from([0, 0, 0, 10]))),
        grid_kw=draw(_wild),
        load_kw=draw(_wild),
        assets={
            name: LiveAsset(
                power_kw=draw(_wild),
                soc=draw(st.none() | st.floats(-0.1, 1.2)),
                temperature_c=draw(st.none() | st.floats(0, 100)),
                connected=draw(st.none() | st.booleans()),
                max_charge_kw=draw(st.none() | st.floats(0, 12)),
                running=draw(st.none() | st.booleans()),
                setpoint_kw=draw(st.none() | _powers),
            )
            for name in NAMES
            if draw(st.booleans())
        },
    )


def a_plan(powers, grid_kw=0.0, curtailed_kw=0.0, expires_h=1.0):
    return Plan(
        made_at=START,
        expires_at=hours(expires_h),
        horizon=Horizon.even(START - timedelta(hours=1), timedelta(hours=24), 1),
        outcome=Optimal(),
        assets=tuple(
            AssetPlan(
                asset=asset.name,
                kind=asset.kind,
                power_kw=(powers[asset.name],),
                trajectories={"curtailed_kw": (curtailed_kw,)} if asset.kind == "pv" else {"phases": (3.0,)},
            )
            for asset in SITE.assets
            if asset.name in powers
        ),
        load_kw=(1.0,),
        unserved_kw=(0.0,),
        import_kw=(max(0.0, grid_kw),),
        export_kw=(max(0.0, -grid_kw),),
        import_price_per_kwh=(0.3,),
        export_price_per_kwh=(0.08,),
        currency="EUR",
        cost=CostSplit(),
    )


@st.composite
def _plans(draw):
    powers = {name: draw(st.floats(-12, 12) | st.just(float("nan"))) for name in NAMES}
    return a_plan(powers, draw(_powers), draw(st.sampled_from([0.0, 1.0])), draw(st.sampled_from([1.0, 0.0])))


@settings(max_examples=200, deadline=None)
@given(_lives(), st.none() | _plans(), st.lists(st.sampled_from(NAMES).flatmap(_proposals), max_size=4))
def test_no_setpoint_ever_leaves_the_limits_of_its_device(live, plan, proposals):
    told = {setpoint.asset: setpoint for setpoint in setpoints(SITE, plan, proposals, live, (), START)}
    assert tuple(told) == NAMES
    power = {name: setpoint.power_kw for name, setpoint in told.items() if setpoint.power_kw is not None}
    assert all(isfinite(kw) for kw in power.values())
    assert -8.0 <= power.get("pv", 0.0) <= 0.0
    assert -5.0 <= power["battery"] <= 5.0
    ev_kw = power["ev_charger"]
    assert ev_kw == 0.0 or 1.38 - 1e-9 <= ev_kw <= 3.68 + 1e-9 or 4.14 - 1e-9 <= ev_kw <= 11.04 + 1e-9
    assert (told["ev_charger"].phases is None) == (ev_kw == 0.0)
    assert power.get("heat_pump", 0.0) == 0.0 or 0.6 <= power["heat_pump"] <= 2.5
    assert power.get("hot_water", 0.0) in (0.0, 2.0)
    assert power.get("flexible_load", 0.0) in (0.0, 0.5)
    assert power.get("appliance", 0.0) in (0.0, 2.0)


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0, 1),
    st.floats(-10, 10),
    st.none() | _plans(),
    st.lists(_proposals(), max_size=4),
)
def test_no_battery_is_ever_told_to_cross_its_reserve_or_its_top(soc, grid_kw, plan, proposals):
    live = LiveHome(at=START, grid_kw=grid_kw, assets={"battery": LiveAsset(power_kw=0.0, soc=soc)})
    (battery,) = (s for s in setpoints(SITE, plan, proposals, live, (), START) if s.asset == "battery")
    energy_kwh, held_h = 10.0 * soc, COMMAND_LIFETIME.total_seconds() / 3600
    after_kwh = energy_kwh + held_h * (battery.power_kw * 0.95 if battery.power_kw > 0 else battery.power_kw / 0.95)
    if battery.power_kw < 0:
        assert after_kwh >= 1.0 - 1e-9
    if battery.power_kw > 0:
        assert after_kwh <= 9.5 + 1e-9


@settings(max_examples=300, deadline=None)
@given(
    load_kw=st.floats(0, 14),
    pv_kw=st.floats(0, 8),
    soc=st.floats(0.1, 0.95),
    plan=st.none() | _plans(),
    cap=st.none() | st.floats(0, 9),
    held=st.booleans(),
)
def test_the_connection_is_kept_whenever_the_home_can_keep_it(load_kw, pv_kw, soc, plan, cap, held):
    powers = {"pv": -pv_kw, "battery": 0.0, "ev_charger": 0.0, "heat_pump": 0.0, "hot_water": 0.0}
    assets = {
        name: LiveAsset(power_kw=kw, soc=soc, connected=True, temperature_c=45.0, setpoint_kw=kw if held else None)
        for name, kw in powers.items()
    }
    assets |= {name: LiveAsset(power_kw=0.0, running=False) for name in ("appliance", "flexible_load")}
    live = LiveHome(at=START, grid_kw=load_kw - pv_kw, load_kw=load_kw, assets=assets)
    limits = [GridLimit(start=START, end=hours(1), max_import_kw=cap, max_export_kw=cap)] if cap is not None else []
    told = {setpoint.asset: setpoint.power_kw for setpoint in setpoints(SITE, plan, (), live, limits, START)}
    after_kw = load_kw + sum(told[name] or 0.0 for name in NAMES if name != "pv")
    after_kw += -pv_kw if told["pv"] is None else max(-pv_kw, told["pv"])
    max_import, max_export = (9.0, 4.0) if cap is None else (min(9.0, cap), min(4.0, cap))
    most_discharge_kw = min(5.0, max(0.0, 10.0 * soc - 1.0) * 0.95 * 60)
    least_kw = load_kw - pv_kw - most_discharge_kw
    assert -after_kw <= max_export + 1e-6
    assert after_kw <= max(max_import, least_kw) + 1e-6


@settings(max_examples=50, deadline=None)
@given(_lives(), st.none() | _plans(), st.sampled_from(NAMES).flatmap(_proposals))
def test_an_expired_proposal_changes_nothing(live, plan, proposal):
    if proposal.expires <= START:
        assert setpoints(SITE, plan, [proposal], live, (), START) == setpoints(SITE, plan, (), live, (), START)


def told(site, live, *, plan=None, proposals=(), limits=(), **options):
    (setpoint,) = setpoints(site, plan, proposals, live, limits, START, **options)
    return setpoint


def live_of(name, grid_kw=1.0, **measured):
    return LiveHome(at=START, grid_kw=grid_kw, assets={name: LiveAsset(**{"power_kw": 0.0} | measured)})


@pytest.mark.parametrize(
    ("asset", "measured", "missing"),
    [
        (a_battery(), {"soc": None}, "battery.energy_kwh"),
        (an_ev_charger(), {"connected": None}, "ev_charger.connected"),
        (a_hot_water(), {"temperature_c": None}, "hot_water.temperature_c"),
    ],
    ids=["battery without SoC", "charger without a plug", "tank without a temperature"],
)
def test_without_the_measurement_it_needs_an_asset_is_held_safe_and_named(asset, measured, missing):
    plan = a_plan({asset.name: 2.0}, grid_kw=3.0)
    setpoint = told(a_site(asset), live_of(asset.name, **measured), plan=plan)
    assert (setpoint.power_kw, setpoint.reason) == (0.0, "unknown_measurement")
    assert [(health.source, health.status) for health in setpoint.health] == [(missing, HealthStatus.ERROR)]


def test_without_a_meter_the_plan_is_followed_as_it_was_made():
    live = LiveHome(at=START, assets={"battery": LiveAsset(power_kw=0.0, soc=0.5)})
    setpoint = told(a_site(a_battery()), live, plan=a_plan({"battery": 2.0}, grid_kw=3.0))
    assert setpoint.power_kw == 2.0
    assert setpoint.health[0].status is HealthStatus.DEGRADED


def test_without_meter_and_plan_nothing_is_ventured():
    live = LiveHome(at=START, assets={"battery": LiveAsset(power_kw=3.0, soc=0.5)})
    setpoint = told(a_site(a_battery()), live)
    assert (setpoint.power_kw, setpoint.reason) == (0.0, "unknown_measurement")


def test_without_a_meter_pv_feeds_no_more_than_may_leave_the_home():
    live = LiveHome(at=START, assets={"pv": LiveAsset(power_kw=-5.0)})
    setpoint = told(a_site(a_pv(peak_kw=6.0), max_export_kw=4.0), live)
    assert setpoint.power_kw == -4.0


def test_old_measurements_count_as_none():
    live = live_of("battery", soc=0.5)
    old = LiveHome(at=START - timedelta(minutes=6), grid_kw=live.grid_kw, assets=live.assets)
    assert told(a_site(a_battery()), old).power_kw == 0.0


@pytest.mark.parametrize(("at_h", "power_kw"), [(0.0, -1.0), (1.999, -1.0), (2.0, 3.0), (2.999, 3.0), (3.0, -1.0)])
def test_an_override_acts_from_its_start_to_its_end_and_never_else(at_h, power_kw):
    override = of_override(Override(asset="battery", power_kw=3.0, start=hours(2), until=hours(3)))
    live = replace(live_of("battery", soc=0.5), at=hours(at_h))
    (setpoint,) = setpoints(a_site(a_battery()), None, [override], live, (), hours(at_h))
    assert (setpoint.power_kw, setpoint.source is Source.USER) == (power_kw, power_kw == 3.0)


def test_a_tank_that_is_too_hot_is_off_whoever_asks():
    override = of_override(Override(asset="hot_water", power_kw=2.0, until=hours(1)))
    setpoint = told(a_site(a_hot_water()), live_of("hot_water", temperature_c=76.0), proposals=[override])
    assert (setpoint.power_kw, setpoint.reason) == (0.0, "too_hot")


def test_without_a_plan_a_car_is_charged_only_when_its_departure_is_near():
    site = a_site(an_ev_charger())
    live = live_of("ev_charger", connected=True)
    # 10 kWh at 3.68 kW and 90 % take three hours.
    far, near = (an_ev_charger_state(an_ev_session(-1.0, departure)) for departure in (6.0, 3.4))
    assert told(site, live, states=[far]).power_kw == 0.0
    setpoint = told(site, live, states=[near])
    assert (setpoint.power_kw, setpoint.reason, setpoint.source) == (pytest.approx(3.68), "deadline", Source.FALLBACK)


def test_a_user_charges_the_car_without_a_plan_and_without_a_plug_sensor():
    override = of_override(Override(asset="ev_charger", power_kw=3.0, until=hours(1)))
    setpoint = told(a_site(an_ev_charger()), live_of("ev_charger"), proposals=[override])
    assert (setpoint.power_kw, setpoint.source, setpoint.phases) == (3.0, Source.USER, 1)


def test_an_unplugged_car_is_told_nothing_else_than_zero():
    override = of_override(Override(asset="ev_charger", power_kw=3.0, until=hours(1)))
    setpoint = told(a_site(an_ev_charger()), live_of("ev_charger", connected=False), proposals=[override])
    assert (setpoint.power_kw, setpoint.reason) == (0.0, "not_connected")


def test_a_users_power_becomes_the_nearest_that_the_charger_can_give():
    override = of_override(Override(asset="ev_charger", power_kw=3.9, until=hours(1)))
    site = a_site(an_ev_charger(phases=(3,)))
    setpoint = told(site, live_of("ev_charger", connected=True), proposals=[override])
    assert (setpoint.power_kw, setpoint.phases) == (pytest.approx(4.14), 3)


def test_what_the_household_runs_by_hand_is_only_counted():
    setpoint = told(
        a_site(a_heat_pump()), live_of("heat_pump", power_kw=2.0), plan=a_plan({"heat_pump": 0.0}), manual={"heat_pump"}
    )
    assert (setpoint.power_kw, setpoint.source, setpoint.reason) == (None, Source.USER, "manual")


def test_a_running_programme_is_neither_stopped_by_the_plan_nor_by_the_fuse():
    site = a_site(an_appliance(), max_import_kw=1.0)
    live = live_of("appliance", grid_kw=3.0, power_kw=2.0, running=True)
    setpoint = told(site, live, plan=a_plan({"appliance": 0.0}))
    assert (setpoint.power_kw, setpoint.reason) == (None, "running")


def test_a_programme_is_not_stopped_while_it_soaks():
    begun = an_appliance_state(a_run(started=-0.5, earliest=-1.0))
    live = live_of("appliance", running=False)
    setpoint = told(a_site(an_appliance()), live, plan=a_plan({"appliance": 0.0}), states=[begun])
    assert setpoint.power_kw is None


LEFT_ALONE = [
    ("nobody wants a run", []),
    ("the run is over", [a_run(started=-5.0, earliest=-5.0)]),
    ("the run has begun", [a_run(started=-0.5, earliest=-1.0)]),
]


@pytest.mark.parametrize("planned_kw", [0.0, 2.0])
@pytest.mark.parametrize("runs", [row[1] for row in LEFT_ALONE], ids=[row[0] for row in LEFT_ALONE])
def test_an_appliance_without_a_run_that_waits_is_left_alone_whatever_an_older_plan_says(runs, planned_kw):
    setpoint = told(
        a_site(an_appliance()),
        live_of("appliance", running=False),
        plan=a_plan({"appliance": planned_kw}),
        states=[an_appliance_state(*runs)],
    )
    assert setpoint.power_kw is None


@pytest.mark.parametrize("planned_kw", [0.0, 2.0])
def test_an_appliance_with_a_run_that_waits_follows_the_plan(planned_kw):
    setpoint = told(
        a_site(an_appliance()),
        live_of("appliance", running=False),
        plan=a_plan({"appliance": planned_kw}),
        states=[an_appliance_state(a_run())],
    )
    assert setpoint.power_kw == planned_kw


def test_an_appliance_starts_even_where_its_programme_begins_gently():
    setpoint = told(a_site(an_appliance()), live_of("appliance", running=False), plan=a_plan({"appliance": 0.1}))
    assert setpoint.power_kw == 2.0


def test_an_appliance_does_not_start_into_an_overload():
    site = a_site(an_appliance(), max_import_kw=3.0)
    setpoint = told(site, live_of("appliance", grid_kw=2.0, running=False), plan=a_plan({"appliance": 2.0}))
    assert (setpoint.power_kw, setpoint.reason) == (0.0, "import_limit")


def test_a_battery_that_may_not_be_sold_serves_only_the_home():
    override = of_override(Override(asset="battery", power_kw=-5.0, until=hours(1)))
    setpoint = told(a_site(a_battery(may_export=False)), live_of("battery", soc=0.5), proposals=[override])
    assert setpoint.power_kw == pytest.approx(-1.0)


def test_two_batteries_share_what_one_cannot_take():
    site = a_site(a_battery("one", max_charge_kw=2.0), a_battery("two"), a_pv(peak_kw=9.0))
    assets = {"one": LiveAsset(power_kw=0.0, soc=0.5), "two": LiveAsset(power_kw=0.0, soc=0.5)}
    live = LiveHome(at=START, grid_kw=-5.0, assets=assets | {"pv": LiveAsset(power_kw=-6.0)})
    powers = {setpoint.asset: setpoint.power_kw for setpoint in setpoints(site, None, (), live, (), START)}
    assert (powers["one"], powers["two"]) == (2.0, pytest.approx(3.0))


def test_nan_cannot_be_said():
    with pytest.raises(ValueError, match="battery: power_kw must be a finite number, got nan"):
        Setpoint(asset="battery", power_kw=float("nan"), source=Source.PLAN, reason="plan")


def test_a_plan_that_does_not_reach_this_far_counts_as_none():
    plan = replace(a_plan({"heat_pump": 2.0}), horizon=Horizon.even(hours(-3), timedelta(hours=1), 1))
    assert told(a_site(a_heat_pump()), live_of("heat_pump"), plan=plan).reason == "no_plan"


def test_a_car_that_takes_less_is_offered_less():
    site = a_site(an_ev_charger(phases=(1, 3), max_current_a=32.0))
    live = live_of("ev_charger", connected=True, max_charge_kw=7.0)
    assert told(site, live, plan=a_plan({"ev_charger": 22.0}, grid_kw=12.0)).power_kw == pytest.approx(7.0)


def test_a_released_heat_pump_is_held_under_the_operators_cap():
    cap = a_proposal(Source.GRID_OPERATOR, high=1.0, asset="heat_pump")
    site = a_site(a_heat_pump())
    assert told(site, live_of("heat_pump", power_kw=2.0), proposals=[cap]).power_kw == 1.0
    assert told(site, live_of("heat_pump", power_kw=0.8), proposals=[cap]).power_kw is None


def test_a_kind_that_dispatch_does_not_know_is_released():
    assert told(a_site(Asset(name="pool")), live_of("pool")).power_kw is None
