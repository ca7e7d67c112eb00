"""What a step makes of a zone, with and without a slower mass."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.model import HeatPumpState, ThermalMass
from custom_components.hems.core.model.terms import Terms
from custom_components.hems.core.model.thermal import MassRates, Temperatures, ThermalStep
from custom_components.hems.core.model.zones import building_zone
from tests.builders import a_building, a_heat_pump, a_horizon, a_request

LOSS, AIR, MASS, COUPLING = 0.15, 1.2, 15.0, 0.8


def with_mass(step_h, loss=LOSS, air=AIR, mass=MASS, coupling=COUPLING):
    rates = MassRates(
        loss_per_h=loss / air, coupling_per_h=coupling / air, back_per_h=coupling / mass, heating_k_per_kwh=1.0 / air
    )
    return ThermalStep.with_mass(rates, step_h)


def stepped(now, around_c, heat_kw, hours, parts=20_000):
    """The two equations in many small steps, by the rule of the midpoint."""
    zone, mass = now
    dt = hours / parts

    def slopes(zone, mass):
        flow = COUPLING * (zone - mass)
        return (heat_kw - LOSS * (zone - around_c) - flow) / AIR, flow / MASS

    for _ in range(parts):
        first = slopes(zone, mass)
        middle = slopes(zone + first[0] * dt / 2.0, mass + first[1] * dt / 2.0)
        zone, mass = zone + middle[0] * dt, mass + middle[1] * dt
    return zone, mass


@pytest.mark.parametrize("hours", [1 / 12, 1.0, 24.0])
def test_step_with_mass_is_the_solution_of_its_equations(hours):
    now = Temperatures(19.0, 21.5)
    assert with_mass(hours).after(now, -3.0, 2.5) == pytest.approx(stepped(now, -3.0, 2.5, hours), abs=1e-6)


@settings(max_examples=200, derandomize=True)
@given(
    loss=st.floats(1e-6, 2.0),
    air=st.floats(0.1, 50.0),
    mass=st.floats(0.1, 200.0),
    coupling=st.floats(1e-4, 20.0),
    hours=st.floats(1 / 60, 24.0),
    start=st.tuples(st.floats(-10, 40), st.floats(-10, 40)),
    outdoor=st.floats(-20, 35),
    heat=st.floats(0, 15),
)
def test_whatever_the_building_two_half_steps_are_one_and_no_energy_is_lost(
    loss, air, mass, coupling, hours, start, outdoor, heat
):
    now = Temperatures(*start)
    whole, half = with_mass(hours, loss, air, mass, coupling), with_mass(hours / 2, loss, air, mass, coupling)
    after = whole.after(now, outdoor, heat)
    assert half.after(half.after(now, outdoor, heat), outdoor, heat) == pytest.approx(after, abs=1e-6)
    # The mean of the zone over the step follows from its own steps: heat in is heat stored and heat lost.
    gain, gain_mass = whole.zone.gain_k_per_kw, whole.mass.gain_k_per_kw
    settled = outdoor + heat / loss
    stored_kwh = air * (after.zone_c - now.zone_c) + mass * (after.mass_c - now.mass_c)
    lost_kwh = heat * hours - stored_kwh
    if loss > 1e-3:
        for_ever = with_mass(1e14, loss, air, mass, coupling)
        assert for_ever.after(now, outdoor, heat) == pytest.approx((settled, settled), abs=1e-3)
    assert gain > 0.0
    assert gain_mass >= 0.0
    # Never more than from the warmest to the coldest that there is.
    coldest, warmest = min(*now, outdoor), max(*now, outdoor, settled)
    assert loss * (coldest - outdoor) * hours - 1e-6 <= lost_kwh <= loss * (warmest - outdoor) * hours + 1e-6


def test_stiff_mass_makes_one_zone_of_both():
    together = ThermalStep.of(LOSS, AIR + MASS, 1.0).after(Temperatures(20.0, 20.0), 0.0, 1.0)
    coupled = with_mass(1.0, coupling=1e4).after(Temperatures(20.0, 20.0), 0.0, 1.0)
    assert coupled.zone_c == pytest.approx(together.zone_c, abs=1e-3)


def test_heat_for_a_temperature_gives_that_temperature():
    step, now = with_mass(0.25), Temperatures(19.0, 20.0)
    assert step.after(now, -5.0, step.heat_for(now, -5.0, 20.5)).zone_c == pytest.approx(20.5)


def test_zone_takes_the_cop_of_each_step_from_its_outdoor_temperature():
    pump = a_heat_pump()
    request = a_request(pump, horizon=a_horizon(4), outdoor_c=[-20.0, 2.0, 4.5, 30.0])
    zone = building_zone(pump, request.states[0], Terms.of(request))
    assert zone.cop == pytest.approx((2.6, 3.4, 3.8, 5.2))


@pytest.mark.parametrize(("mass_c", "expected"), [(None, 21.0), (18.0, 18.0)])
def test_mass_of_unknown_temperature_is_as_warm_as_the_rooms(mass_c, expected):
    mass = ThermalMass(heat_capacity_kwh_per_k=10.0, coupling_kw_per_k=1.0)
    pump = a_heat_pump(building=a_building(mass=mass))
    state = HeatPumpState(asset="heat_pump", indoor_c=21.0, mass_c=mass_c)
    zone = building_zone(pump, state, Terms.of(a_request(pump, state)))
    assert zone.start.mass_c == expected
