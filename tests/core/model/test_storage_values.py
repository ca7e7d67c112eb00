"""Batteries, inverters and cars that make no sense are refused by name."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import EvCharger, HybridInverter, PowerPoint, SocTarget
from tests.builders import a_battery, a_hybrid_inverter, a_pv, a_site, an_ev_session, hours


def curve(*points):
    return tuple(PowerPoint(soc=soc, max_kw=kw) for soc, kw in points)


REFUSED = [
    (
        lambda: a_battery(charge_curve=curve((0.0, 5.0), (0.5, 1.0), (1.0, 0.9))),
        r"battery: charge_curve must be concave, but at soc 0.5 \(1 kW\) it bends upwards",
    ),
    (lambda: a_battery(charge_curve=curve((0.0, 5.0))), "charge_curve must have at least two points"),
    (lambda: a_battery(charge_curve=curve((0.5, 5.0), (0.5, 1.0))), "charge_curve must have rising soc, got 0.5 after"),
    (
        lambda: a_battery(charge_curve=curve((0.8, 5.0), (0.9, 0.0))),
        "charge_curve must not fall below 0 kW, but its line through soc 0.9 reaches -5 kW at soc 1",
    ),
    (
        lambda: a_battery(discharge_curve=curve((0.1, 0.0), (0.2, 5.0))),
        "discharge_curve must not fall below 0 kW, but its line through soc 0.1 reaches -5 kW at soc 0",
    ),
    (lambda: PowerPoint(soc=1.2, max_kw=1.0), "power point: soc must be between 0 and 1, got 1.2"),
    (lambda: a_battery(min_soc=0.3, reserve_soc=0.2), r"min_soc \(0.3\) must not exceed reserve_soc \(0.2\)"),
    (lambda: a_battery(max_soc=0.5, reserve_soc=0.6), r"reserve_soc \(0.6\) must not exceed max_soc \(0.5\)"),
    (lambda: a_battery(reserve_price_per_kwh_h=-1.0), "reserve_price_per_kwh_h must be at least 0"),
    (lambda: SocTarget(by=hours(1), soc=1.5), "soc target: soc must be between 0 and 1"),
    (lambda: HybridInverter(name="inverter", max_ac_kw=-1.0), "inverter: max_ac_kw must be at least 0"),
    (lambda: a_hybrid_inverter(efficiency=0.0), "inverter: efficiency must be between 0.5 and 1"),
    (lambda: a_site(a_battery(inverter="roof")), "battery: inverter 'roof' is not an asset of the site"),
    (
        lambda: a_site(a_pv(inverter="battery"), a_battery()),
        "pv: inverter must name a hybrid inverter, but 'battery' is a Battery",
    ),
    (lambda: EvCharger(name="car", max_discharge_kw=-1.0), "car: max_discharge_kw must be at least 0"),
    (lambda: an_ev_session(at_once_kwh=70.0), "at_once_kwh must be between 0 and 60, got 70"),
    (lambda: an_ev_session(min_kwh=-1.0), "min_kwh must be between 0 and 60"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_nonsense_is_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_curve_that_never_narrows_costs_no_limit():
    assert a_battery(charge_curve=curve((0.0, 5.0), (1.0, 5.0))).charge_lines == ()
    assert len(a_battery(charge_curve=curve((0.0, 5.0), (0.8, 5.0), (1.0, 1.0))).charge_lines) == 1


@given(energy=st.floats(0.0, 10.0), minutes=st.integers(1, 120), share=st.floats(0.01, 1.0))
def test_power_that_is_promised_for_a_while_is_possible_at_every_moment_of_it(energy, minutes, share):
    battery = a_battery(
        charge_curve=curve((0.0, 1.0), (0.3, 5.0), (0.8, 4.0), (1.0, 0.2)),
        discharge_curve=curve((0.0, 0.2), (0.2, 4.0), (1.0, 5.0)),
    )
    passed_h = share * minutes / 60
    charge_kw = battery.charge_limit_kw(energy, minutes / 60)
    reached = energy + battery.charge_efficiency * charge_kw * passed_h
    assert charge_kw <= battery.charge_limit_kw(min(reached, 10.0)) + 1e-6
    discharge_kw = battery.discharge_limit_kw(energy, minutes / 60)
    left = energy - discharge_kw * passed_h / battery.discharge_efficiency
    assert left < 0.0 or discharge_kw <= battery.discharge_limit_kw(left) + 1e-6


@given(dc_kw=st.floats(-20.0, 20.0), efficiency=st.floats(0.5, 1.0))
def test_conversion_loses_and_never_gains(dc_kw, efficiency):
    inverter = a_hybrid_inverter(efficiency=efficiency)
    assert inverter.loss_kw(dc_kw) >= 0.0
    assert inverter.dc_kw(inverter.ac_kw(dc_kw)) == pytest.approx(dc_kw)
