"""What is remembered of the devices outlives a restart."""

from datetime import timedelta

from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.model import Horizon, Source
from custom_components.hems.devices import Change, Outlook
from custom_components.hems.home import parse_home
from custom_components.hems.remembering import Memory, RememberingDevices
from custom_components.hems.settings import MEMORY, Kept
from tests.integration.running import FakeDevices, a_live, a_running_entry

KINDS = ("ev_charger", "heat_pump", "hot_water", "battery")


def remembering(hass, *kinds):
    kinds = kinds or KINDS
    source = FakeDevices(a_live(*kinds))
    home = parse_home(a_running_entry(*kinds), "Europe/Berlin")
    return RememberingDevices(source, home, Kept(hass, "abc", MEMORY, Memory))


async def test_a_reading_has_what_it_adds_up_to(hass, freezer):
    devices = remembering(hass)
    came = devices.now()
    assert devices.read().assets["ev_charger"].past.connected_since == came
    freezer.tick(60)
    devices.source.measure("heat_pump", power_kw=2.0)
    live = devices.read()
    assert live.assets["ev_charger"].past.connected_since == came
    assert (live.assets["heat_pump"].past.on, live.assets["heat_pump"].past.since) == (True, devices.now())
    assert live.assets["battery"] == devices.source.read().assets["battery"]


async def test_a_restart_forgets_nothing(hass, freezer):
    devices = remembering(hass)
    await devices.async_start()
    came = devices.now()
    devices.read()
    await devices.async_stop()
    freezer.tick(3600)
    again = remembering(hass, "ev_charger")
    await again.async_start()
    assert again.read().assets["ev_charger"].past.connected_since == came
    await again.async_stop()


async def test_what_has_no_meter_does_as_it_was_told(hass, freezer):
    devices = remembering(hass)
    devices.source.measure("heat_pump", power_kw=None)
    assert devices.read().assets["heat_pump"].past.on is None
    for power_kw, is_on in ((1.5, True), (0.0, False), (None, None)):
        await devices.async_apply(Setpoint(asset="heat_pump", power_kw=power_kw, source=Source.PLAN, reason="plan"))
        freezer.tick(60)
        assert devices.read().assets["heat_pump"].past.on is is_on
    devices.source.refuses["heat_pump"] = "no"
    await devices.async_apply(Setpoint(asset="heat_pump", power_kw=1.5, source=Source.PLAN, reason="plan"))
    freezer.tick(60)
    assert devices.read().assets["heat_pump"].past.on is None


async def test_many_reads_are_one_sample(hass, freezer):
    devices = remembering(hass)
    devices.read()
    freezer.tick(1)
    devices.source.measure("ev_charger", connected=False)
    assert devices.read().assets["ev_charger"].past.connected_since is not None
    freezer.tick(10)
    assert devices.read().assets["ev_charger"].past.connected_since is None


async def test_the_peak_of_the_month_is_part_of_a_moment(hass, freezer):
    devices = remembering(hass)
    freezer.move_to(devices.now().replace(minute=0, second=0, microsecond=0))
    devices.source.live = a_live(*KINDS, grid_kw=3.0)
    for _ in range(4):
        peak_kw = devices.read().peak_import_kw
        freezer.tick(timedelta(minutes=5))
    assert peak_kw == 3.0


async def test_it_is_the_peak_of_the_day_where_the_contract_counts_by_days(hass, freezer):
    tariff = {
        "kind": "fixed",
        "import_price_per_kwh": 0.3,
        "export_price_per_kwh": 0.1,
        "capacity_price_per_kw": 1.0,
    }
    for period, peak_kw in (("month", 3.0), ("day", None)):
        freezer.move_to("2026-03-10T10:00:00+00:00")
        entry = a_running_entry(*KINDS, tariff=tariff | {"capacity_period": period})
        kept = Kept(hass, entry.entry_id, MEMORY, Memory)
        devices = RememberingDevices(FakeDevices(a_live(*KINDS, grid_kw=3.0)), parse_home(entry, "UTC"), kept)
        for _ in range(5):
            devices.read()
            freezer.tick(timedelta(minutes=5))
        assert devices.read().peak_import_kw == 3.0
        freezer.tick(timedelta(days=1))
        assert devices.read().peak_import_kw == peak_kw


async def test_everything_else_is_passed_on(hass):
    devices = remembering(hass)
    heard = []
    forget = devices.async_add_listener(heard.append)
    devices.source.tell(Change.OUTLOOK)
    forget()
    devices.source.tell(Change.OUTLOOK)
    assert heard == [Change.OUTLOOK]
    assert devices.speed == 1.0
    assert await devices.async_outlook(Horizon.tiered(devices.now())) == Outlook()
