"""A home along a day: what each moment makes dispatch do."""

from datetime import datetime, time, timedelta

import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.model import (
    Asset,
    AssetPlan,
    CostSplit,
    GridLimit,
    Horizon,
    Optimal,
    Plan,
    Proposal,
    Site,
)
from tests.builders import START, a_battery, a_heat_pump, a_pv, a_site, an_ev_charger


class Home:
    """Battery at half, PV and load as told; the devices do at once what they are told."""

    def __init__(self, site: Site, plan: Plan | None = None) -> None:
        self.site = site
        self.plan = plan
        self.proposals: list[Proposal] = []
        self.limits: list[GridLimit] = []
        self.soc = 0.5
        self.power_kw: dict[str, float] = {}
        self.told: dict[str, float | None] = {}

    def at(self, clock: str, *, pv_kw: float = 0.0, load_kw: float = 0.0, connected: bool = True) -> Home:
        now = datetime.combine(START.date(), time.fromisoformat(clock), START.tzinfo)
        drawn_kw = {asset.name: self.power_kw.get(asset.name, 0.0) for asset in self.site.assets}
        if "pv" in drawn_kw:
            drawn_kw["pv"] = -pv_kw
        live = LiveHome(
            at=now,
            grid_kw=load_kw + sum(drawn_kw.values()),
            load_kw=load_kw,
            assets={
                name: LiveAsset(power_kw=power_kw, soc=self.soc, connected=connected, temperature_c=21.0)
                for name, power_kw in drawn_kw.items()
            },
        )
        result = setpoints(self.site, self.plan, self.proposals, live, self.limits, now)
        self.told = {setpoint.asset: setpoint.power_kw for setpoint in result}
        self.power_kw |= {name: power_kw for name, power_kw in self.told.items() if power_kw is not None}
        return self

    def expect(self, **powers_kw: float | None) -> None:
        told = {f"{name}_kw": power_kw for name, power_kw in self.told.items()}
        for name, power_kw in powers_kw.items():
            expected = power_kw if power_kw is None else pytest.approx(power_kw, abs=1e-6)
            assert told[name] == expected, f"{name}: {told}"


def a_home(*assets: Asset, plan: Plan | None = None) -> Home:
    return Home(a_site(*assets), plan)


def a_plan(grid_kw: float, load_kw: float = 1.0, curtailed_kw: float = 0.0, **power_kw: float) -> Plan:
    """The same all day."""
    kinds = {"battery": "battery", "pv": "pv", "ev_charger": "ev_charger", "heat_pump": "heat_pump"}
    return Plan(
        made_at=START,
        expires_at=START + timedelta(days=1),
        horizon=Horizon.even(START, timedelta(days=1), 1),
        outcome=Optimal(),
        assets=tuple(
            AssetPlan(
                asset=name,
                kind=kinds[name],
                power_kw=(kw,),
                trajectories={"curtailed_kw": (curtailed_kw,)} if name == "pv" else {},
            )
            for name, kw in power_kw.items()
        ),
        load_kw=(load_kw,),
        unserved_kw=(0.0,),
        import_kw=(max(0.0, grid_kw),),
        export_kw=(max(0.0, -grid_kw),),
        import_price_per_kwh=(0.3,),
        export_price_per_kwh=(0.08,),
        currency="EUR",
        cost=CostSplit(),
    )


def test_without_a_plan_the_battery_balances_the_home():
    home = a_home(a_battery(), a_pv(peak_kw=8.0))
    home.at("12:00", pv_kw=6, load_kw=1).expect(battery_kw=5)
    home.at("12:05", pv_kw=0, load_kw=1).expect(battery_kw=-1)
    home.at("12:10", pv_kw=0, load_kw=9).expect(battery_kw=-5)
    home.at("12:15", pv_kw=2, load_kw=2).expect(battery_kw=0)


def test_a_battery_that_was_planned_to_balance_follows_clouds_and_kettles():
    home = a_home(a_battery(), a_pv(), plan=a_plan(0.0, pv=-3.0, battery=2.0))
    home.at("12:00", pv_kw=3, load_kw=1).expect(battery_kw=2)
    home.at("12:01", pv_kw=3, load_kw=3).expect(battery_kw=0)
    home.at("12:02", pv_kw=1, load_kw=3).expect(battery_kw=-2)


def test_a_battery_that_charges_from_the_grid_keeps_to_the_plan():
    home = a_home(a_battery(), a_pv(), plan=a_plan(4.0, battery=3.0))
    home.at("02:00", load_kw=1).expect(battery_kw=3)
    home.at("02:01", load_kw=3).expect(battery_kw=3)


def test_a_battery_that_sells_keeps_to_the_plan_but_never_buys_for_it():
    home = a_home(a_battery(), plan=a_plan(-2.0, battery=-3.0))
    home.at("18:00", load_kw=1).expect(battery_kw=-3)
    home.at("18:01", load_kw=2.5).expect(battery_kw=-3)
    home.at("18:02", load_kw=4).expect(battery_kw=-4)


def test_a_battery_that_waits_for_dear_hours_leaves_the_kettle_to_the_grid():
    home = a_home(a_battery(), a_pv(), plan=a_plan(1.0, battery=0.0))
    home.at("03:00", load_kw=1).expect(battery_kw=0)
    home.at("03:01", load_kw=3).expect(battery_kw=0)
    home.at("03:02", pv_kw=2, load_kw=1).expect(battery_kw=1)


def test_a_battery_that_shaves_a_peak_takes_what_exceeds_it():
    home = a_home(a_battery(), plan=a_plan(2.0, load_kw=4.0, battery=-2.0))
    home.at("18:00", load_kw=4).expect(battery_kw=-2)
    home.at("18:01", load_kw=6).expect(battery_kw=-4)
    home.at("18:02", load_kw=3).expect(battery_kw=-2)
    home.at("18:03", load_kw=1).expect(battery_kw=-1)


def test_the_car_gives_way_to_the_fuse_and_comes_back():
    home = Home(a_site(an_ev_charger(max_current_a=32.0), max_import_kw=8.0), a_plan(8.0, ev_charger=7.0))
    home.at("01:00", load_kw=1).expect(ev_charger_kw=7)
    home.at("01:01", load_kw=4).expect(ev_charger_kw=4)
    home.at("01:02", load_kw=7).expect(ev_charger_kw=0)
    home.at("01:03", load_kw=1).expect(ev_charger_kw=7)


def test_the_grid_operators_cap_leaves_the_car_what_it_allows():
    home = Home(a_site(an_ev_charger(phases=(3,)), a_battery(), max_import_kw=17.0), a_plan(11.0, ev_charger=11.0))
    home.soc = 0.0
    home.limits = [GridLimit(start=START, end=START + timedelta(hours=2), max_import_kw=4.2)]
    home.at("01:00", load_kw=0.05).expect(ev_charger_kw=4.15)
    home.at("02:00", load_kw=0.05).expect(ev_charger_kw=11)


def test_after_the_car_the_battery_and_then_the_heat_pump_give_way():
    plan = a_plan(10.0, ev_charger=3.0, battery=3.0, heat_pump=2.0)
    home = Home(a_site(a_heat_pump(), a_battery(), an_ev_charger(), max_import_kw=8.0), plan)
    home.at("01:00", load_kw=2).expect(ev_charger_kw=0, battery_kw=3, heat_pump_kw=2)
    home.at("01:01", load_kw=7).expect(ev_charger_kw=0, battery_kw=-1, heat_pump_kw=2)
    home.at("01:02", load_kw=12).expect(ev_charger_kw=0, battery_kw=-5, heat_pump_kw=1)


def test_pv_is_stored_and_then_held_back_at_the_export_limit_and_released_by_a_cloud():
    home = Home(a_site(a_battery(), a_pv(peak_kw=10.0), max_export_kw=3.0), a_plan(-3.0, battery=0.0, pv=-4.0))
    home.at("12:00", pv_kw=4, load_kw=1).expect(battery_kw=0, pv_kw=None)
    home.at("12:01", pv_kw=8, load_kw=1).expect(battery_kw=4, pv_kw=None)
    home.at("12:02", pv_kw=10, load_kw=1).expect(battery_kw=5, pv_kw=-9)
    home.at("12:03", pv_kw=2, load_kw=1).expect(battery_kw=0, pv_kw=None)


def test_a_planned_curtailment_follows_the_load():
    home = a_home(a_pv(), plan=a_plan(0.0, pv=-1.0, curtailed_kw=3.0))
    home.at("12:00", pv_kw=4, load_kw=1).expect(pv_kw=-1)
    home.at("12:01", pv_kw=1, load_kw=2.5).expect(pv_kw=-2.5)


def test_a_plan_that_has_expired_charges_no_car_and_releases_the_heat_pump():
    plan = a_plan(5.0, ev_charger=3.0, heat_pump=2.0, battery=3.0)
    home = a_home(an_ev_charger(), a_heat_pump(), a_battery(), plan=plan)
    home.at("23:59", load_kw=1).expect(ev_charger_kw=3, heat_pump_kw=2, battery_kw=3)
    home.plan = None
    home.at("23:59", load_kw=1).expect(ev_charger_kw=0, heat_pump_kw=None, battery_kw=-3)


def test_the_battery_stays_out_of_the_car_where_it_must():
    home = a_home(a_battery(may_charge_ev=False), an_ev_charger(), plan=a_plan(1.0, ev_charger=3.0, battery=-3.0))
    home.at("20:00", load_kw=1).expect(battery_kw=0, ev_charger_kw=3)
