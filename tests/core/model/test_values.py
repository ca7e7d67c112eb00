"""Values that exist are valid: everything else is refused with its owner, field and number."""

from dataclasses import FrozenInstanceError
from datetime import datetime
from math import nan

import pytest

from custom_components.hems.core.model import (
    ApplianceRun,
    CapacityCharge,
    ComfortBand,
    CopPoint,
    GridLimit,
    HealthStatus,
    InputHealth,
    Override,
    SolverOptions,
    Weights,
    worst,
)
from tests.builders import (
    START,
    a_battery,
    a_battery_state,
    a_building,
    a_flexible_load,
    a_flexible_load_state,
    a_heat_pump,
    a_heat_pump_state,
    a_horizon,
    a_hot_water,
    a_hot_water_state,
    a_pv,
    a_pv_state,
    a_request,
    a_run,
    a_site,
    a_tariff,
    an_appliance,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

REFUSED = [
    (lambda: a_battery(capacity_kwh=0.0), "battery: capacity_kwh must be greater than 0, got 0"),
    (lambda: a_battery(capacity_kwh=nan), "battery: capacity_kwh must be a finite number, got nan"),
    (lambda: a_battery(min_soc=0.9, max_soc=0.5), r"min_soc \(0.9\) must not exceed max_soc \(0.5\)"),
    (lambda: a_battery(charge_efficiency=1.2), "charge_efficiency must be between 0.5 and 1, got 1.2"),
    (lambda: a_battery(name=" "), "name must not be empty"),
    (lambda: a_battery_state(-1.0), "energy_kwh must be at least 0, got -1"),
    (lambda: a_pv(peak_kw=-1.0), "peak_kw must be greater than 0"),
    (lambda: a_pv_state([-0.1] * 24), "available_kw must be at least 0, got -0.1"),
    (lambda: an_ev_charger(phases=(2,)), "phases must be 1, 3 or both"),
    (lambda: an_ev_charger(phases=()), "phases must be 1, 3 or both"),
    (lambda: an_ev_charger(min_current_a=20.0), "must not exceed max_current_a"),
    (lambda: an_ev_session(8, 4), "departure .* must be after arrival"),
    (lambda: an_ev_session(target_kwh=80.0), "target_kwh must be between 0 and 60, got 80"),
    (lambda: an_ev_charger_state(an_ev_session(0, 4), an_ev_session(3, 6)), "sessions must not overlap"),
    (lambda: a_heat_pump(min_electric_kw=3.0), "min_electric_kw must be between 0 and 2.5, got 3"),
    (lambda: a_heat_pump(cop=()), "cop must have at least one point"),
    (
        lambda: a_heat_pump(cop=(CopPoint(outdoor_c=5.0, cop=3.0), CopPoint(outdoor_c=0.0, cop=2.0))),
        "cop must be given over rising outdoor_c",
    ),
    (lambda: CopPoint(outdoor_c=0.0, cop=0.1), "cop must be between"),
    (lambda: a_building(heat_loss_kw_per_k=0.0), "heat_loss_kw_per_k must be greater than 0"),
    (lambda: a_heat_pump_state(200.0), "indoor_c must be between"),
    (lambda: ComfortBand(min_c=22.0, max_c=20.0), "must not exceed max_c"),
    (lambda: a_hot_water(volume_l=0.0), "volume_l must be greater than 0"),
    (lambda: a_hot_water_state(120.0), "tank_c must be between 0 and 100"),
    (lambda: a_hot_water_state(50.0, [-1.0] * 24), "draw_kw must be at least 0"),
    (lambda: an_appliance(profile_kw=()), "profile_kw must not be empty"),
    (lambda: an_appliance(profile_step_s=0), "profile_step_s must be positive"),
    (lambda: a_run(4.0, 2.0), "latest_end .* must be after earliest_start"),
    (lambda: a_flexible_load(power_kw=0.0), "power_kw must be greater than 0"),
    (lambda: a_flexible_load_state(1.5), "wanted must be between 0 and 1, got 1.5"),
    (lambda: a_site(time_zone="Mars/Olympus"), "IANA name such as Europe/Berlin, got 'Mars/Olympus'"),
    (lambda: a_site(a_pv(), a_pv()), "asset names must be unique, got 'pv' twice"),
    (lambda: a_site(max_import_kw=-1.0), "max_import_kw must be at least 0"),
    (lambda: a_tariff(currency="euro"), "three-letter ISO 4217 code"),
    (lambda: a_tariff(import_limit_kw=-1.0), "import_limit_kw must be at least 0"),
    (lambda: CapacityCharge(price_per_kw=-1.0), "price_per_kw must be at least 0"),
    (lambda: GridLimit(start=hours(2), end=hours(1)), "end .* must be after start"),
    (lambda: GridLimit(start=datetime(2026, 3, 2), end=hours(1)), "naive time"),  # noqa: DTZ001
    (lambda: Override(asset="", power_kw=1.0, until=hours(1)), "name must not be empty"),
    (lambda: Override(asset="battery", power_kw=nan, until=hours(1)), "power_kw must be a finite number"),
    (
        lambda: Override(asset="battery", power_kw=1.0, start=hours(2), until=hours(1)),
        r"battery: start \(.*\) must be before until",
    ),
    (lambda: Override(asset="battery", power_kw=1.0, start=hours(1), until=hours(1)), "must be before until"),
    (lambda: Weights(comfort=-1.0), "comfort must be at least 0"),
    (lambda: SolverOptions(time_limit_s=0.0), "time_limit_s must be greater than 0"),
    (lambda: InputHealth(source="", status=HealthStatus.OK), "name must not be empty"),
    (lambda: ApplianceRun(earliest_start=datetime(2026, 3, 2), latest_end=hours(1)), "naive time"),  # noqa: DTZ001
]


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_nonsense_is_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()


REFUSED_REQUESTS = [
    (lambda: a_request(now=hours(30)), "now .* must lie in the horizon"),
    (lambda: a_request(now=datetime(2026, 3, 2)), "now must carry a time zone"),  # noqa: DTZ001
    (lambda: a_request(a_battery(), states=()), "states must have an entry for 'battery'"),
    (lambda: a_request(states=(a_battery_state(),)), "states name 'battery', which is not an asset"),
    (lambda: a_request(a_battery(), states=(a_battery_state(),) * 2), "states name 'battery' twice"),
    (
        lambda: a_request(a_battery(), states=(a_pv_state(asset="battery"),)),
        "battery: is a battery, but its state is of kind pv",
    ),
    (
        lambda: a_request(overrides=(Override(asset="car", power_kw=1.0, until=hours(1)),)),
        "overrides name 'car', which is not an asset",
    ),
    (lambda: a_request(load_kw=-1.0), "load_kw must be at least 0, got -1"),
    (lambda: a_request(valid_for_s=0), "valid_for_s must be positive"),
    (lambda: a_request(a_heat_pump(), outdoor_c=0.0).__replace__(outdoor_c=None), "outdoor_c must be given"),
    (lambda: a_request(weights=Weights(co2_price_per_kg=0.1)), "co2_kg_per_kwh must be given"),
    (
        lambda: a_request().__replace__(tariff=a_tariff(horizon=a_horizon(12))),
        "tariff.import_price: no value between",
    ),
    (lambda: a_request(a_pv(), a_pv_state(1.0, a_horizon(3))), "pv.available_kw: no value between"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED_REQUESTS, ids=[message for _, message in REFUSED_REQUESTS])
def test_request_that_cannot_be_answered_is_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_values_are_frozen():
    with pytest.raises(FrozenInstanceError):
        a_battery().capacity_kwh = 5.0


def test_times_are_kept_in_utc():
    session = an_ev_session(start=START.astimezone())
    assert session.arrival.utcoffset().total_seconds() == 0


def test_cop_is_linear_between_its_points_and_flat_beyond():
    heat_pump = a_heat_pump(cop=(CopPoint(outdoor_c=0.0, cop=2.0), CopPoint(outdoor_c=10.0, cop=4.0)))
    assert [heat_pump.cop_at(t) for t in (-20.0, 0.0, 5.0, 10.0, 30.0)] == [2.0, 2.0, 3.0, 4.0, 4.0]


def test_whole_is_as_healthy_as_its_worst_part():
    parts = [InputHealth(source="load", status=status) for status in (HealthStatus.OK, HealthStatus.DEGRADED)]
    assert worst(tuple(parts)) is HealthStatus.DEGRADED
    assert worst(()) is HealthStatus.OK


def test_state_of_another_kind_is_not_found():
    request = a_request(a_battery())
    with pytest.raises(LookupError, match="no EvChargerState for battery"):
        request.state_of(request.site.assets[0], type(an_ev_charger_state()))
