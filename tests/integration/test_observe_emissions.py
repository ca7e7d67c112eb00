"""What a kWh of the grid emits, from a sensor."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.hems.core.model import Series
from custom_components.hems.observe.emissions import emissions, kg_per_kwh

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
SENSOR = "sensor.intensity"


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("g/kWh", 0.001),
        ("gCO2eq/kWh", 0.001),
        ("gCO₂/kWh", 0.001),
        ("g CO2eq / kWh", 0.001),
        ("kg/MWh", 0.001),
        ("kgCO2/kWh", 1.0),
        ("tCO2/MWh", 1.0),
        ("EUR/kWh", None),
        ("%", None),
        (None, None),
    ],
)
def test_units_of_intensity_are_understood(unit, factor):
    assert kg_per_kwh(unit) == (None if factor is None else pytest.approx(factor))


def seen(hass, state, unit="gCO2eq/kWh", past=None):
    hass.states.async_set(SENSOR, state, {"unit_of_measurement": unit})
    return emissions(hass, SENSOR, past or {}, NOW, NOW + timedelta(hours=24))


async def test_now_is_taken_where_there_is_no_past(hass):
    found, (health,) = seen(hass, "350")
    assert found.at(NOW + timedelta(hours=20)) == pytest.approx(0.35)
    assert "as it is now" in health.reason


async def test_the_last_days_tell_the_course_in_the_sensors_own_unit(hass):
    past = Series.constant(400.0, NOW - timedelta(days=7), NOW)
    found, (health,) = seen(hass, "unavailable", past={SENSOR: past})
    assert found.at(NOW + timedelta(hours=5)) == pytest.approx(0.4)
    assert "last days" in health.reason


@pytest.mark.parametrize("state", ["unknown", "nan", "-5", "90000", "inf"])
async def test_what_cannot_be_is_not_used_and_named(hass, state):
    found, (health,) = seen(hass, state)
    assert found is None
    assert health.status == "degraded"


async def test_a_unit_of_something_else_is_not_used(hass):
    assert seen(hass, "350", unit="W")[0] is None


async def test_without_a_sensor_nobody_asks(hass):
    assert emissions(hass, None, {}, NOW, NOW + timedelta(hours=1)) == (None, ())
    found, (health,) = emissions(hass, "sensor.gone", {}, NOW, NOW + timedelta(hours=1))
    assert found is None
    assert health.source == "co2_kg_per_kwh"
