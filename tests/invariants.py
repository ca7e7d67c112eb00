"""What holds for every plan, however it was made and however odd the home."""

from bisect import bisect
from datetime import timedelta
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

import pytest

from custom_components.hems.core.model import (
    Appliance,
    ApplianceState,
    AssetPlan,
    Battery,
    BatteryState,
    EvCharger,
    EvChargerState,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HeatPumpState,
    HotWater,
    HotWaterState,
    HybridInverter,
    Plan,
    PlanRequest,
    Pv,
)
from custom_components.hems.core.model.assessment.judgement import REPORTED
from custom_components.hems.core.model.asset import PHASES
from custom_components.hems.core.model.dc_bus import clippable_kw, members_of
from custom_components.hems.core.model.phases import over_phase_kw
from custom_components.hems.core.model.runs import runs_of
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.model.visits import visits_of

CLOSE = 2e-4
"""kW, kWh: the solver's tolerance and the rounding to six digits, summed over a horizon."""


def assert_sound(plan: Plan, request: PlanRequest) -> None:
    """Balance, limits and every device's own rules."""
    terms = Terms.of(request)
    assert_balanced(plan)
    assert_limits_kept(plan, terms)
    for asset in request.site.assets:
        schedule = plan.asset(asset.name)
        assert schedule is not None
        match asset:
            case Pv():
                assert_pv_possible(asset, schedule, request)
            case HybridInverter():
                assert_inverter_possible(asset, schedule, plan, request)
            case Battery():
                assert_battery_possible(asset, schedule, plan, request)
            case EvCharger():
                assert_charging_possible(asset, schedule, plan, request)
            case HeatPump():
                assert_heating_possible(schedule, asset.min_electric_kw, asset.max_electric_kw, request)
                assert_least_times_kept(asset, schedule, plan, request)
            case HotWater():
                assert_heating_possible(schedule, asset.least_electric_kw, asset.max_electric_kw, request)
                assert_least_times_kept(asset, schedule, plan, request)
                assert_tank_is_hot_when_it_shall(asset, schedule, plan, request)
            case Appliance():
                assert_runs_possible(asset, schedule, request)
            case FlexibleLoad():
                assert_switching_possible(asset, schedule, request)
                assert_short_days_are_named(asset, schedule, plan, request)


def near(request: PlanRequest) -> range:
    """The steps whose decisions are whole."""
    offsets = [(edge - request.horizon.start).total_seconds() / 3600 for edge in request.horizon.edges[:-1]]
    return range(sum(offset < request.options.integer_h for offset in offsets))


def assert_balanced(plan: Plan) -> None:
    for index in range(plan.horizon.steps):
        drawn = sum(asset.power_kw[index] for asset in plan.assets) + plan.load_kw[index] - plan.unserved_kw[index]
        assert drawn == pytest.approx(plan.import_kw[index] - plan.export_kw[index], abs=CLOSE)
        assert min(plan.import_kw[index], plan.export_kw[index]) == 0.0
        assert min(plan.import_kw[index], plan.export_kw[index], plan.unserved_kw[index]) >= 0.0


def assert_limits_kept(plan: Plan, terms: Terms) -> None:
    named = {violation.limit for violation in plan.violations}
    over_phase = over_phase_kw(terms, {schedule.asset: schedule for schedule in plan.assets})
    for index in range(plan.horizon.steps):
        assert plan.import_kw[index] <= terms.max_import_kw[index] + CLOSE
        for phase, over_kw in zip(PHASES, over_phase, strict=True):
            assert over_kw[index] <= REPORTED["kW"] or f"grid.max_phase_{phase}" in named
        if "grid.max_export" not in named:
            assert plan.export_kw[index] <= terms.max_export_kw[index] + REPORTED["kW"]


def assert_pv_possible(pv: Pv, schedule: AssetPlan, request: PlanRequest) -> None:
    clippable = clippable_kw(request, pv)
    available, curtailed = schedule.trajectories["available_kw"], schedule.trajectories["curtailed_kw"]
    for power, most, held, clipped in zip(schedule.power_kw, available, curtailed, clippable, strict=True):
        assert -pv.peak_kw - CLOSE <= power <= 0.0
        assert -power + held == pytest.approx(most, abs=CLOSE)
        assert held >= 0.0
        assert pv.curtailable or held <= clipped + CLOSE


def assert_inverter_possible(inverter: HybridInverter, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    """Its power is the loss of what passes through it, within its AC limits."""
    for index, (loss, ac) in enumerate(zip(schedule.power_kw, schedule.trajectories["ac_kw"], strict=True)):
        dc = sum(plan.asset(asset.name).power_kw[index] for asset in members_of(request.site, inverter))
        assert dc + loss == pytest.approx(ac, abs=CLOSE)
        assert ac == pytest.approx(dc / inverter.efficiency if dc > 0 else dc * inverter.efficiency, abs=CLOSE)
        assert loss >= 0.0
        assert -inverter.max_ac_kw - CLOSE <= ac <= inverter.most_taken_kw + CLOSE


def assert_battery_possible(battery: Battery, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    start = request.state_of(battery, BatteryState).energy_kwh
    energy = schedule.trajectories["energy_kwh"]
    assert energy[0] == pytest.approx(start, abs=CLOSE)
    assert min(energy) >= min(battery.min_kwh, start) - CLOSE
    assert max(energy) <= max(battery.max_kwh, start) + CLOSE
    for power, (before, after), h in zip(schedule.power_kw, pairwise(energy), request.horizon.steps_h, strict=True):
        assert -battery.max_discharge_kw - CLOSE <= power <= battery.max_charge_kw + CLOSE
        stored = power * battery.charge_efficiency if power > 0 else power / battery.discharge_efficiency
        assert after - before == pytest.approx(stored * h, abs=CLOSE)
        at_ends = [kwh / battery.capacity_kwh for kwh in (before, after)]
        assert power <= min(curve_kw(battery.charge_curve, soc) for soc in at_ends) + CLOSE
        assert -power <= min(curve_kw(battery.discharge_curve, soc) for soc in at_ends) + CLOSE
        assert power <= battery.charge_limit_kw(before, h) + CLOSE
        assert -power <= battery.discharge_limit_kw(before, h) + CLOSE
        assert power >= -CLOSE or after >= battery.min_kwh - CLOSE
    cars = [plan.asset(asset.name) for asset in request.site.assets if isinstance(asset, EvCharger)]
    overridden = {override.asset for override in request.overrides}
    for index in range(request.horizon.steps):
        if schedule.power_kw[index] < -CLOSE and not battery.may_export and battery.name not in overridden:
            assert plan.export_kw[index] <= CLOSE
        if schedule.power_kw[index] < -CLOSE and not battery.may_charge_ev:
            assert all(car.power_kw[index] <= CLOSE for car in cars if car)


def curve_kw(points, soc: float) -> float:
    """The curve read off by interpolation."""
    if not points:
        return inf
    socs, powers = [point.soc for point in points], [point.max_kw for point in points]
    number = min(max(bisect(socs, soc), 1), len(points) - 1)
    slope = (powers[number] - powers[number - 1]) / (socs[number] - socs[number - 1])
    return powers[number] + slope * (soc - socs[number])


def assert_charging_possible(charger: EvCharger, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    visits = visits_of(charger, request.state_of(charger, EvChargerState), request.horizon)
    free = set(range(request.horizon.steps))
    for visit in visits:
        free -= set(range(visit.first, visit.end))
        session, kwh = visit.session, visit.session.energy_kwh
        for index in range(visit.first, visit.end):
            power, share = schedule.power_kw[index], visit.shares[index - visit.first]
            stored = power * charger.efficiency if power > 0 else power / charger.discharge_efficiency
            kwh += stored * request.horizon.steps_h[index]
            assert -CLOSE <= kwh <= session.capacity_kwh + 1e-3
            assert -visit.max_discharge_kw * share - CLOSE <= power <= visit.max_kw * share + CLOSE
            if power < -CLOSE:
                assert kwh >= max(session.min_kwh, session.at_once_kwh) - CLOSE
                assert session.may_export or plan.export_kw[index] <= CLOSE
            if index in near(request) and power > CLOSE:
                assert any(m.min_kw * share - CLOSE <= power <= m.max_kw * share + CLOSE for m in visit.modes)
                assert schedule.trajectories["phases"][index] in charger.phases
    assert charger.max_discharge_kw > 0.0 or min(schedule.power_kw) >= 0.0
    assert all(schedule.power_kw[index] == 0.0 for index in free)


def assert_heating_possible(schedule: AssetPlan, min_kw: float, max_kw: float, request: PlanRequest) -> None:
    for index, power in enumerate(schedule.power_kw):
        assert 0.0 <= power <= max_kw + CLOSE
        if index in near(request):
            assert power == 0.0 or power >= min_kw - CLOSE


def assert_least_times_kept(heater: HeatPump | HotWater, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    """Among the whole decisions nothing is switched again too early, unless a limit stopped it and that is named."""
    state = request.state_of(heater, HeatPumpState if isinstance(heater, HeatPump) else HotWaterState)
    on, edges = state.on, request.horizon.edges
    since = None if state.on is None else state.since
    for index in near(request):
        now_on = schedule.power_kw[index] > 0.0
        if now_on is on:
            continue
        least = timedelta(seconds=heater.min_on_s if on else heater.min_off_s)
        if since is not None and edges[index] < since + least:
            assert on
            assert f"{heater.name}.min_on" in {violation.limit for violation in plan.violations}
        on, since = now_on, edges[index]


def assert_tank_is_hot_when_it_shall(tank: HotWater, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    """A legionella cycle that is due is in the schedule, or its absence is named."""
    cycle, state = tank.legionella, request.state_of(tank, HotWaterState)
    if cycle is None:
        assert "disinfecting" not in schedule.trajectories
        return
    last = state.last_disinfected
    due = request.horizon.start if last is None else last + timedelta(days=cycle.every_days)
    if due > request.horizon.end or f"{tank.name}.legionella" in {violation.limit for violation in plan.violations}:
        return
    held = timedelta(0)
    if state.hot_since is not None and state.tank_c >= cycle.temperature_c - 0.1:
        held = max(held, request.horizon.start - state.hot_since)
    longest = held
    temperatures = schedule.trajectories["tank_c"]
    for (before, after), step_h in zip(pairwise(temperatures), request.horizon.steps_h, strict=True):
        stays = min(before, after) >= cycle.temperature_c - 0.1
        held = held + timedelta(hours=step_h) if stays else timedelta(0)
        longest = max(longest, held)
    assert max(temperatures) >= cycle.temperature_c - 0.1
    assert longest >= timedelta(seconds=cycle.hold_s - 1)


def assert_short_days_are_named(load: FlexibleLoad, schedule: AssetPlan, plan: Plan, request: PlanRequest) -> None:
    """Whoever is given less than their hours in a day that lies in the horizon is told so."""
    zone = ZoneInfo(request.site.time_zone)
    given_h = {request.horizon.start.astimezone(zone).date(): request.state_of(load, FlexibleLoadState).given_h_today}
    for edge, kw, h in zip(request.horizon.edges[:-1], schedule.power_kw, request.horizon.steps_h, strict=True):
        day = edge.astimezone(zone).date()
        given_h[day] = given_h.get(day, 0.0) + kw / load.power_kw * h
    whole_days = [day for day in given_h if day < request.horizon.end.astimezone(zone).date()]
    short = [day for day in whole_days if given_h[day] < load.min_on_h_per_day - 0.1]
    # Steps over midnight belong to both days.
    if all(edge.minute % 5 == 0 for edge in request.horizon.edges[1:]) and max(request.horizon.steps_h) <= 0.25:
        named = [violation for violation in plan.violations if violation.limit == f"{load.name}.min_on_h_per_day"]
        assert len(named) >= len(short)


def assert_runs_possible(appliance: Appliance, schedule: AssetPlan, request: PlanRequest) -> None:
    runs = runs_of(appliance, request.state_of(appliance, ApplianceState), request.horizon)
    waiting = [run for run in runs if not run.is_under_way]
    assert sum(schedule.trajectories["starts"]) <= len(waiting)
    for index, count in enumerate(schedule.trajectories["starts"]):
        assert count <= sum(run.may_start_in(index) for run in waiting)
    assert all(power >= 0.0 for power in schedule.power_kw)


def assert_switching_possible(load: FlexibleLoad, schedule: AssetPlan, request: PlanRequest) -> None:
    for index, (power, wanted) in enumerate(zip(schedule.power_kw, schedule.trajectories["wanted_kw"], strict=True)):
        assert -CLOSE <= power <= wanted + CLOSE
        if index in near(request):
            assert power <= CLOSE or power == pytest.approx(load.power_kw, abs=CLOSE)
