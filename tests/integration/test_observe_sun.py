"""What arrays gave of what was forecast is remembered, and makes later forecasts better."""

from datetime import UTC, datetime, timedelta
from math import sin

import pytest

from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.forecast import Panel
from custom_components.hems.core.model import HealthStatus, Horizon, Series, Source
from custom_components.hems.entity_devices import EntityDevices
from custom_components.hems.home import parse_home
from custom_components.hems.observe.sun import LEADS, QUARTER, ArrayPast, Given, Meter
from tests.integration.entries import a_subentry, an_entry

NOW = datetime(2026, 6, 15, 6, 0, tzinfo=UTC)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)
MINUTE = timedelta(minutes=1)


def told(value_kw, until=timedelta(days=4)):
    return {"sensor.sun": Series.constant(value_kw, NOW - timedelta(days=1), NOW + until)}


def lived(past, hours, forecast_kw, given_kw):
    """The array after so many hours; `given_kw` by time."""
    for i in range(int(hours * 4)):
        now = NOW + QUARTER * i
        past = past.foretelling(told(forecast_kw), now).with_given(
            (Given(start=now - QUARTER, mean_kw=given_kw(now - QUARTER)),)
        )
        past = past.learned(PANEL, None, now)
    return past


def cloudy(at):
    """About two kilowatts, and never the same twice."""
    return 2.0 + 0.3 * sin(at.timestamp() / 1000.0)


def test_each_quarter_hour_is_remembered_once_in_its_own_time():
    past = ArrayPast().foretelling(told(1.0), NOW).foretelling(told(2.0), NOW + MINUTE)
    known = {one.start: one for one in past.foretold}
    assert all(one.forecast_kw == {"sensor.sun": 1.0} for one in known.values() if one.said_at == NOW)
    for quarter, lead in enumerate(LEADS):
        start = NOW + timedelta(hours=0, minutes=15 * quarter) + timedelta(hours=lead // timedelta(hours=1) - 1)
        assert (start in known) is (start > NOW)
        assert start + timedelta(hours=2) not in known


def test_what_is_remembered_stays_small():
    past = lived(ArrayPast(), 72, 3.0, cloudy)
    assert len(past.foretold) <= 100
    assert len(past.given) <= 33


def test_an_array_that_gives_less_than_it_was_told_is_believed():
    past = lived(ArrayPast(), 48, 3.0, cloudy)
    assert past.calibration.until is not None
    (member,) = [past.calibration.members["sensor.sun"]]
    assert member.total[3] < member.total[0]


def test_a_stuck_sensor_teaches_nothing():
    past = lived(ArrayPast(), 48, 3.0, lambda _: 2.0)
    assert past.calibration.until is None


def test_a_meter_counts_whole_quarter_hours():
    meter = Meter()
    over = [given for i in range(41) for given in meter.read(float(i % 2), NOW + MINUTE * i)]
    assert [given.start for given in over] == [NOW, NOW + QUARTER]
    assert over[0].mean_kw == pytest.approx(7 / 15)


UNKNOWN = {
    "unavailable": lambda i: None if i == 7 else 1.0,
    "held back": lambda i: None if 5 <= i <= 8 else 1.0,
}


@pytest.mark.parametrize("power_at", UNKNOWN.values(), ids=UNKNOWN)
def test_a_quarter_hour_that_was_not_read_throughout_does_not_count(power_at):
    meter = Meter()
    over = [given for i in range(31) for given in meter.read(power_at(i), NOW + MINUTE * i)]
    assert [given.start for given in over] == [NOW + QUARTER]


def test_a_silence_does_not_count():
    meter = Meter()
    meter.read(1.0, NOW)
    assert meter.read(1.0, NOW + timedelta(minutes=20)) == ()


@pytest.fixture
async def berlin(hass, freezer):
    await hass.config.async_set_time_zone("UTC")
    hass.config.latitude, hass.config.longitude = PANEL.latitude, PANEL.longitude
    freezer.move_to(NOW)


@pytest.fixture
def home():
    entities = {"forecast_entity": ["sensor.sun", "sensor.other"], "control_entity": "number.limit"}
    return parse_home(an_entry(a_subentry("pv", **entities)), "UTC")


def a_horizon(now):
    return Horizon.even(now, timedelta(hours=1), 24)


def sun_says(hass, entity_id, kw):
    watts = {(NOW + timedelta(hours=i)).isoformat(): kw * 1000 for i in range(-24, 96)}
    hass.states.async_set(entity_id, "1", {"watts": watts})


async def live(hass, freezer, devices, hours, power_at):
    """Read every two minutes, planned every quarter of an hour."""
    for i in range(int(hours * 30)):
        hass.states.async_set("sensor.pv_power", str(power_at(devices.now())), {"unit_of_measurement": "kW"})
        devices.read()
        if i % 8 == 0:
            await devices.async_outlook(a_horizon(devices.now()))
        freezer.tick(2 * MINUTE)


def believed(outlook):
    (health,) = [entry for entry in outlook.health if entry.status is HealthStatus.OK]
    return health.reason


@pytest.mark.usefixtures("berlin")
async def test_several_forecasts_are_blended_and_named(hass, home):
    sun_says(hass, "sensor.sun", 2.0)
    sun_says(hass, "sensor.other", 3.0)
    devices = EntityDevices(hass, home, "abc")
    outlook = await devices.async_outlook(a_horizon(NOW))
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(hours=4)) == pytest.approx(2.5)
    assert believed(outlook) == "made from sensor.sun and sensor.other, not calibrated yet"


@pytest.mark.usefixtures("berlin")
async def test_one_forecast_that_is_silent_is_named_and_the_other_used(hass, home):
    sun_says(hass, "sensor.other", 3.0)
    outlook = await EntityDevices(hass, home, "abc").async_outlook(a_horizon(NOW))
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(hours=4)) == pytest.approx(3.0)
    assert [entry.status for entry in outlook.health] == [HealthStatus.DEGRADED, HealthStatus.OK]


@pytest.mark.usefixtures("berlin")
async def test_what_was_learned_goes_on_after_a_restart(hass, freezer, home):
    sun_says(hass, "sensor.sun", 4.0)
    sun_says(hass, "sensor.other", 4.0)
    devices = EntityDevices(hass, home, "abc")
    await devices.async_start()
    await live(hass, freezer, devices, 10, cloudy)
    await devices.async_stop()
    restarted = EntityDevices(hass, home, "abc")
    await restarted.async_start()
    outlook = await restarted.async_outlook(a_horizon(restarted.now()))
    (series,) = outlook.pv_kw.values()
    assert series.at(NOW + timedelta(hours=28)) < 3.5
    assert "calibrated by what the array gave" in believed(outlook)
    await restarted.async_stop()


@pytest.mark.usefixtures("berlin")
async def test_what_hems_held_back_teaches_nothing(hass, freezer, home):
    sun_says(hass, "sensor.sun", 4.0)
    devices = EntityDevices(hass, home, "abc")
    hass.states.async_set("number.limit", "5", {"unit_of_measurement": "kW"})
    (name,) = home.titles
    await devices.async_apply(Setpoint(asset=name, power_kw=-2.0, source=Source.PLAN, reason="plan"))
    await live(hass, freezer, devices, 4, cloudy)
    assert "not calibrated yet" in believed(await devices.async_outlook(a_horizon(devices.now())))
    await devices.async_apply(Setpoint(asset=name, power_kw=None, source=Source.PLAN, reason="plan"))
    await live(hass, freezer, devices, 4, cloudy)
    assert "calibrated by" in believed(await devices.async_outlook(a_horizon(devices.now())))
    await devices.async_stop()


DAMAGED = {
    "unreadable": ({"arrays": {"pv": {"calibration": 3}}}, "cannot be used"),
    "another version": ("version", "begun afresh"),
}


@pytest.mark.parametrize(("data", "said"), DAMAGED.values(), ids=DAMAGED)
@pytest.mark.usefixtures("berlin")
async def test_a_file_that_cannot_be_used_is_named_and_begun_afresh(hass, hass_storage, home, caplog, data, said):
    (name,) = home.titles
    arrays = {"arrays": {name: {"calibration": {"version": 0}}}} if data == "version" else data
    hass_storage["hems.abc.sun"] = {"version": 1, "data": arrays}
    sun_says(hass, "sensor.sun", 2.0)
    devices = EntityDevices(hass, home, "abc")
    await devices.async_start()
    assert said in caplog.text
    outlook = await devices.async_outlook(a_horizon(NOW))
    assert "not calibrated yet" in believed(outlook)
    await devices.async_stop()
