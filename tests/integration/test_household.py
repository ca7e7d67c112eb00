"""The household's wishes: what can be wished, and what the devices can do."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from unittest.mock import MagicMock

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.hems import settings
from custom_components.hems.abilities import PowerTooLow, default_settings, mode_kw, power_range_kw, wanted_asset
from custom_components.hems.core.model import Asset, ComfortBand, ComfortPeriod
from custom_components.hems.home import parse_home
from custom_components.hems.household import Household
from custom_components.hems.runtime import AssetSettings, HemsSettings
from custom_components.hems.settings import Kept, Wishes
from tests.builders import a_battery, a_flexible_load, a_heat_pump, a_pv, an_appliance, an_ev_charger
from tests.integration.running import a_live, a_running_entry

NOW = datetime(2026, 6, 20, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def household():
    return Household(parse_home(a_running_entry(), "Europe/Berlin"), MagicMock())


REFUSED = [
    ("no such mode", lambda h: h.update_settings(mode="party"), "mode must be one of cost, self_consumption, comfort"),
    ("reserve above full", lambda h: h.update_asset("battery", reserve_soc=1.2), "battery: min_soc must be between"),
    ("cold above warm", lambda h: h.update_asset("heat_pump", comfort_min_c=25.0), "heat pump: comfort: min_c"),
    (
        "more than full",
        lambda h: h.update_asset("ev_charger", target_soc=1.5),
        "ev charger: target_soc must be between",
    ),
    (
        "run of a battery",
        lambda h: h.request_run("battery", NOW, NOW + timedelta(hours=3)),
        "only be asked of an appliance",
    ),
    (
        "window too short",
        lambda h: h.request_run("appliance", NOW, NOW + timedelta(hours=1)),
        "latest_end must be at least",
    ),
    ("power of NaN", lambda h: h.set_override("battery", float("nan"), LATER, now=NOW), "power_kw must be between"),
    ("unknown mode", lambda h: h.set_override("battery", "sing", LATER, now=NOW), "mode 'sing'"),
]


@pytest.mark.parametrize(("wish", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_wish_that_cannot_be_is_refused_in_words_and_forgotten(household, wish, reason):
    before = household.wishes
    with pytest.raises(ValueError, match=reason):
        wish(household)
    assert household.wishes == before


def test_unknown_asset_is_a_key_error(household):
    with pytest.raises(KeyError):
        household.set_override("sauna", 1.0, LATER, now=NOW)


LEAST = [
    ("EV charger on its fewest phases", "ev_charger", 0.5, 1.38),
    ("heat pump", "heat_pump", 0.1, 0.6),
    ("tank that is on or off", "hot_water", 0.3, 0.7),
]


@pytest.mark.parametrize(("asset", "power_kw", "least_kw"), [row[1:] for row in LEAST], ids=[row[0] for row in LEAST])
def test_power_below_what_a_device_runs_at_is_refused_instead_of_becoming_nothing(household, asset, power_kw, least_kw):
    with pytest.raises(PowerTooLow, match=f"must be 0 or at least {least_kw}, got {power_kw}"):
        household.set_override(asset, power_kw, LATER, now=NOW)
    for allowed_kw in (0.0, least_kw):
        assert household.set_override(asset, allowed_kw, LATER, now=NOW).power_kw == allowed_kw


def test_devices_without_a_least_power_take_any(household):
    for asset, power_kw in (("battery", 0.05), ("pv", -0.05), ("appliance", 0.05)):
        assert household.set_override(asset, power_kw, LATER, now=NOW).power_kw == power_kw


MODES = [
    ("battery", "charge", 5.0),
    ("battery", "discharge", -5.0),
    ("battery", "off", 0.0),
    ("ev_charger", "charge", 11.04),
    ("hot_water", "on", 0.7),
    ("pv", "on", -5.0),
    ("pv", "off", 0.0),
]


@pytest.mark.parametrize(("asset", "mode", "power_kw"), MODES)
def test_mode_means_a_power(household, asset, mode, power_kw):
    assert household.set_override(asset, mode, LATER, now=NOW).power_kw == pytest.approx(power_kw)


RANGES = [
    (a_battery(max_charge_kw=3.0, max_discharge_kw=4.0), (-4.0, 3.0)),
    (a_pv(peak_kw=6.0), (-6.0, 0.0)),
    (an_ev_charger(phases=(1,)), (0.0, 3.68)),
    (an_ev_charger("v2h", phases=(1,), max_discharge_kw=5.0), (-5.0, 3.68)),
    (a_flexible_load(power_kw=0.5), (0.0, 0.5)),
    (an_appliance(profile_kw=(0.1, 2.0)), (0.0, 2.0)),
]


@pytest.mark.parametrize(("asset", "limits_kw"), RANGES, ids=[asset.name for asset, _ in RANGES])
def test_device_has_a_range_of_power(asset, limits_kw):
    assert power_range_kw(asset) == pytest.approx(limits_kw)


def test_a_car_that_gives_back_can_be_told_to():
    assert mode_kw("Car", an_ev_charger(max_discharge_kw=5.0), "discharge") == -5.0
    with pytest.raises(ValueError, match="is not one that it has"):
        mode_kw("Car", an_ev_charger(), "discharge")


def test_the_households_reserve_is_hard_and_ends_a_soft_one_below_it():
    battery = a_battery(min_soc=0.1, reserve_soc=0.4)
    low = wanted_asset(battery, AssetSettings(reserve_soc=0.2))
    high = wanted_asset(battery, AssetSettings(reserve_soc=0.6))
    assert [(asset.min_soc, asset.reserve_soc) for asset in (low, high)] == [(0.2, 0.4), (0.6, None)]


def test_a_night_follows_the_households_warmest_temperature_and_keeps_its_own_coolest():
    night = ComfortPeriod(start=time(22), end=time(6), min_c=17.0, max_c=23.0)
    pump = a_heat_pump(comfort=ComfortBand(min_c=20.0, max_c=23.0, periods=(night,)))
    for low_c, high_c, expected in ((21.0, 25.0, (17.0, 25.0)), (15.0, 16.0, (16.0, 16.0))):
        wanted = wanted_asset(pump, AssetSettings(comfort_min_c=low_c, comfort_max_c=high_c))
        (changed,) = wanted.comfort.periods
        assert (wanted.comfort.min_c, wanted.comfort.max_c) == (low_c, high_c)
        assert (changed.min_c, changed.max_c) == expected


@pytest.mark.parametrize("field", ["target_soc", "at_once_soc"])
def test_no_car_is_wanted_fuller_than_full(field):
    with pytest.raises(ValueError, match=f"{field} must be between 0 and 1, got 1.2"):
        wanted_asset(an_ev_charger(), AssetSettings(**{field: 1.2}))


def test_unknown_kind_has_no_range_and_no_wishes():
    asset = Asset(name="sauna")
    with pytest.raises(ValueError, match="does not command this kind"):
        power_range_kw(asset)
    assert wanted_asset(asset, default_settings(None, asset)) == asset


def test_listener_hears_only_of_changes(household):
    heard = []
    leave = household.async_add_listener(lambda: heard.append(household.settings.mode))
    household.update_settings(mode="cost")
    household.update_settings(mode="comfort")
    leave()
    household.update_settings(mode="cost")
    assert heard == ["comfort"]


STORIES = [
    ("never begun", [(0, False), (7, False), (9, False)], None),
    ("begun and ended", [(0, False), (1, True), (2, True), (3.1, False)], None),
    ("still running", [(0, False), (1, True), (2, True)], "started"),
    ("a pause in the middle", [(1, True), (2, False)], "started"),
    ("stuck sensor", [(1, True), (40, True)], None),
    ("a sensor that says nothing", [(1, None)], "waiting"),
]


@pytest.mark.parametrize(("story", "end"), [row[1:] for row in STORIES], ids=[row[0] for row in STORIES])
def test_run_is_followed_through_its_life(household, story, end):
    household.request_run("appliance", NOW, NOW + timedelta(hours=8))
    for hours, running in story:
        live = a_live(at=NOW + timedelta(hours=hours))
        reading = replace(live.assets["appliance"], running=running)
        household.follow(replace(live, assets={**live.assets, "appliance": reading}))
    run = household.runs.get("appliance")
    assert (run and ("started" if run.started else "waiting")) == end


async def test_stored_value_of_an_older_version_is_migrated(hass, hass_storage, monkeypatch):
    hass_storage["hems.abc.wishes"] = {"version": 1, "data": {"mode": "comfort"}}
    monkeypatch.setattr(settings, "VERSION", 2)
    monkeypatch.setattr(settings, "MIGRATIONS", {1: lambda old: {"settings": old}})
    wishes = await Kept(hass, "abc", "wishes", Wishes).async_load()
    assert wishes.settings.mode == "comfort"


async def test_stream_of_changes_is_written_in_time_and_as_it_is_then(hass, hass_storage, freezer):
    kept = Kept[dict](hass, "abc", "world", dict)
    value = {"count": 0}
    for count in range(8):
        value = {"count": count}
        kept.save_within(3.0, lambda: value)  # noqa: B023  # it is to see the newest value
        freezer.tick(1)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    assert hass_storage["hems.abc.world"]["data"]["count"] >= 2
    await kept.async_flush()
    assert hass_storage["hems.abc.world"]["data"] == {"count": 7}


def test_wish_that_a_new_configuration_makes_impossible_is_given_up(caplog):
    home = parse_home(a_running_entry(), "Europe/Berlin")
    stored = {
        "battery": AssetSettings(reserve_soc=1.5, automatic=False),
        "heat_pump": AssetSettings(comfort_min_c=21.0),
    }
    settings = Household(home, MagicMock(), Wishes(settings=HemsSettings(assets=stored))).settings.assets
    assert settings["battery"] == AssetSettings(reserve_soc=0.05, automatic=False)
    assert settings["heat_pump"].comfort_min_c == 21.0
    assert "battery is run as it is configured again" in caplog.text
