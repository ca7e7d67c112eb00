"""Sun that a plan would hold back, and a battery that could take it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, of_override, setpoints
from custom_components.hems.core.model import (
    AssetPlan,
    CostSplit,
    Horizon,
    Marginals,
    Optimal,
    Override,
    Plan,
    PlanRequest,
    Proposal,
    Site,
)
from custom_components.hems.core.optimiser import solve
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_pv,
    a_pv_state,
    a_request,
    a_site,
    hours,
)

PEAK_KW = 10.0


def a_plan(grid_kw: float, battery_kw: float, pv_kw: float, stored_per_kwh: float = 0.0) -> Plan:
    """One hour in which some of the sun is held back."""
    return Plan(
        made_at=START,
        expires_at=hours(1),
        horizon=Horizon.even(START, timedelta(hours=1), 1),
        outcome=Optimal(),
        assets=(
            AssetPlan(asset="pv", kind="pv", power_kw=(-pv_kw,), trajectories={"curtailed_kw": (2.0,)}),
            AssetPlan(asset="battery", kind="battery", power_kw=(battery_kw,), trajectories={}),
        ),
        load_kw=(1.0,),
        unserved_kw=(0.0,),
        import_kw=(max(0.0, grid_kw),),
        export_kw=(max(0.0, -grid_kw),),
        import_price_per_kwh=(0.3,),
        export_price_per_kwh=(0.0,),
        currency="EUR",
        cost=CostSplit(),
        marginals=Marginals(
            bus_price_per_kwh=(0.0,), stored_value_per_kwh={"battery": (0.0, stored_per_kwh)}, binding={}
        ),
    )


class Home:
    """The array gives what the sun offers up to its limit, the battery does as told, the meter shows what is left."""

    def __init__(self, plan: Plan | None, soc: float = 0.5, **site: float) -> None:
        self.site: Site = a_site(a_pv(peak_kw=PEAK_KW), a_battery(), **site)
        self.plan, self.soc = plan, soc
        self.battery_kw, self.limit_kw = 0.0, PEAK_KW
        self.told_limit_kw: float | None = None
        self.overrides: list[Proposal] = []

    def tick(self, sun_kw: float, load_kw: float) -> None:
        fed_kw = min(sun_kw, self.limit_kw)
        live = LiveHome(
            at=START,
            grid_kw=load_kw + self.battery_kw - fed_kw,
            load_kw=load_kw,
            assets={
                "pv": LiveAsset(
                    power_kw=-fed_kw, setpoint_kw=None if self.told_limit_kw is None else -self.told_limit_kw
                ),
                "battery": LiveAsset(power_kw=self.battery_kw, soc=self.soc),
            },
        )
        told = {s.asset: s.power_kw for s in setpoints(self.site, self.plan, self.overrides, live, (), START)}
        self.battery_kw = told["battery"] or 0.0
        self.told_limit_kw = None if told["pv"] is None else -told["pv"]
        self.limit_kw = PEAK_KW if self.told_limit_kw is None else self.told_limit_kw

    def settle(self, sun_kw: float, load_kw: float) -> tuple[float, float, float]:
        """Battery, array and grid after a few ticks of the same sun and load."""
        for _ in range(4):
            self.tick(sun_kw, load_kw)
        fed_kw = min(sun_kw, self.limit_kw)
        return self.battery_kw, fed_kw, load_kw + self.battery_kw - fed_kw


@pytest.mark.parametrize(
    ("description", "plan", "sun_kw", "load_kw", "expected"),
    [
        ("as planned", a_plan(0.0, 2.0, 3.0), 3.0, 1.0, (2.0, 3.0, 0.0)),
        ("the kettle that was expected is off", a_plan(0.0, 2.0, 3.0), 3.0, 0.2, (2.8, 3.0, 0.0)),
        ("more sun than foretold", a_plan(0.0, 2.0, 3.0), 5.5, 1.0, (4.5, 5.5, 0.0)),
        ("more than the battery takes", a_plan(0.0, 2.0, 3.0), 8.0, 1.0, (5.0, 6.0, 0.0)),
        ("a cloud", a_plan(0.0, 2.0, 3.0), 0.5, 1.0, (-0.5, 0.5, 0.0)),
        ("some is sold and the rest held back", a_plan(-2.0, 0.0, 3.0), 9.0, 1.0, (5.0, 8.0, -2.0)),
        ("less than may be sold", a_plan(-2.0, 0.0, 3.0), 2.0, 1.0, (0.0, 2.0, -1.0)),
        ("paid for taking from the grid", a_plan(3.0, 2.0, 0.0), 6.0, 1.0, (2.0, 0.0, 3.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_battery_follows_the_meter_before_the_sun_is_held_back(
    description: str, plan: Plan, sun_kw: float, load_kw: float, expected: tuple[float, float, float]
) -> None:
    assert Home(plan).settle(sun_kw, load_kw) == pytest.approx(expected, abs=1e-6), description


def test_battery_whose_room_is_kept_for_something_better_does_as_planned() -> None:
    """A negative worth of what is stored: later the home is paid for filling it."""
    kept = a_plan(0.0, 0.5, 1.5, stored_per_kwh=-0.1)
    assert Home(kept).settle(6.0, 1.0) == pytest.approx((0.5, 1.5, 0.0))
    assert Home(kept).settle(6.0, 0.2) == pytest.approx((0.5, 0.7, 0.0))


@pytest.mark.parametrize(("later_price", "battery_kw"), [(-0.05, 0.0), (0.02, 5.0)])
def test_room_that_the_home_is_paid_for_filling_later_is_kept(later_price: float, battery_kw: float) -> None:
    """Nothing is exported, and at noon the battery is filled from the grid, at a price below nothing or above."""
    two_hours = replace(
        a_plan(0.0, 0.0, 1.0),
        horizon=Horizon.even(START, timedelta(hours=1), 2),
        assets=(
            AssetPlan(asset="pv", kind="pv", power_kw=(-1.0, 0.0), trajectories={"curtailed_kw": (6.0, 0.0)}),
            AssetPlan(asset="battery", kind="battery", power_kw=(0.0, 4.0), trajectories={}),
        ),
        load_kw=(1.0, 1.0),
        unserved_kw=(0.0, 0.0),
        import_kw=(0.0, 5.0),
        export_kw=(0.0, 0.0),
        import_price_per_kwh=(0.3, later_price),
        export_price_per_kwh=(0.0, 0.0),
        marginals=None,
    )
    assert Home(two_hours).settle(7.0, 1.0)[0] == pytest.approx(battery_kw, abs=1e-6)


def test_battery_that_somebody_commands_leaves_the_sun_held_back() -> None:
    home = Home(a_plan(0.0, 2.0, 3.0))
    home.overrides = [of_override(Override(asset="battery", power_kw=1.0, until=hours(1)))]
    assert home.settle(6.0, 1.0) == pytest.approx((1.0, 2.0, 0.0))


@pytest.mark.parametrize("plan", [None, a_plan(0.0, 2.0, 3.0)], ids=["without a plan", "as planned"])
def test_array_that_is_held_back_is_let_free_as_far_as_the_battery_takes_it(plan: Plan | None) -> None:
    """Nothing may be exported: the load rises, and the battery stays at its most; the sun comes out again."""
    home = Home(plan, max_export_kw=0.0)
    assert home.settle(9.0, 1.0) == pytest.approx((5.0, 6.0, 0.0))
    assert home.settle(9.0, 2.5) == pytest.approx((5.0, 7.5, 0.0))
    assert home.settle(1.0, 1.0) == pytest.approx((0.0, 1.0, 0.0))
    assert home.settle(9.0, 1.0) == pytest.approx((5.0, 6.0, 0.0))


def test_full_battery_takes_nothing() -> None:
    assert Home(a_plan(0.0, 0.0, 1.0), soc=1.0).settle(6.0, 1.0) == pytest.approx((0.0, 1.0, 0.0), abs=1e-6)


def a_solved_plan(request: PlanRequest) -> Plan:
    """Its first hour counts as now."""
    return replace(solve(request), expires_at=hours(1))


def test_plan_that_is_solved_lets_the_battery_take_a_surplus_that_nobody_foretold() -> None:
    """The battery would be full by noon anyway, so that the plan does not care when it is filled."""
    request = a_request(
        a_pv(peak_kw=PEAK_KW),
        a_pv_state([6.0] * 8 + [0.0] * 16),
        a_battery(),
        a_battery_state(5.0),
        load_kw=1.0,
        site={"max_export_kw": 0.0},
    )
    plan = a_solved_plan(request)
    battery_kw, fed_kw, grid_kw = Home(plan, max_export_kw=0.0).settle(8.0, 1.0)
    assert (battery_kw, fed_kw, grid_kw) == pytest.approx((5.0, 6.0, 0.0), abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    before=st.lists(st.tuples(st.floats(0.0, PEAK_KW), st.floats(0.0, 6.0)), max_size=3),
    sun_kw=st.floats(0.0, PEAK_KW),
    load_kw=st.floats(0.0, 6.0),
    planned=st.sampled_from([a_plan(0.0, 2.0, 3.0), a_plan(-2.0, 0.0, 3.0), a_plan(0.0, 0.0, 1.0)]),
    soc=st.sampled_from([0.2, 0.5, 0.9]),
)
def test_no_sun_is_held_back_while_the_battery_could_take_it(
    before: list[tuple[float, float]], sun_kw: float, load_kw: float, planned: Plan, soc: float
) -> None:
    home = Home(planned, soc)
    for moment in before:
        home.settle(*moment)
    battery_kw, fed_kw, grid_kw = home.settle(sun_kw, load_kw)
    held_back_kw = sun_kw - fed_kw
    assert held_back_kw <= 1e-6 or battery_kw >= 5.0 - 1e-6
    assert grid_kw >= min(0.0, planned.grid_kw[0]) - 1e-6, "no more is sold than planned"


def test_arrays_are_held_back_in_the_order_of_the_site_whatever_they_are_called():
    """Six of 2 kW each, for 6 kW of load."""
    names = ("roof", "garage", "balcony", "barn", "fence", "carport")
    site = a_site(*(a_pv(name, peak_kw=2.0) for name in names))
    arrays = (AssetPlan(asset=n, kind="pv", power_kw=(-1.0,), trajectories={"curtailed_kw": (1.0,)}) for n in names)
    plan = replace(a_plan(grid_kw=0.0, battery_kw=0.0, pv_kw=0.0), assets=tuple(arrays))
    live = LiveHome(at=START, grid_kw=-6.0, assets={name: LiveAsset(power_kw=-2.0) for name in names})
    told = setpoints(site, plan, (), live, (), START)
    assert [setpoint.power_kw for setpoint in told] == pytest.approx([0.0, 0.0, 0.0, -2.0, -2.0, -2.0])
