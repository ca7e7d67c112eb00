"""A stack on the same machine: it is found by what it announces, and its engine and id are offered."""

from unittest.mock import patch

from homeassistant.config_entries import SOURCE_MQTT, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.flows.exchange import ENGINE_TOKEN_VARIABLE, ENGINE_URL_VARIABLE, HOME_ID_VARIABLE
from tests.integration.entries import an_entry, home_data
from tests.integration.words import as_sent

ANNOUNCED = '{"schema": 1, "home": "h-3f9c", "time": "2026-03-02T12:00:00Z", "version": "26.11.0"}'
PUBLISHED = {"publish": True, "home_id": "h-3f9c", "interval_s": 10.0}
HOME = (
    {"next_step_id": "home"},
    {"name": "Villa", "currency": "EUR", "max_import_kw": 17, "max_export_kw": 10},
    {"next_step_id": "tariff_fixed"},
    {"import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08},
)


@pytest.fixture(autouse=True)
def set_up(request):
    """Entries are stored and not run."""
    with (
        patch("custom_components.hems.async_setup_entry", return_value=True),
        patch("custom_components.hems.config_flow.async_engine_problem", return_value=None),
    ):
        yield


@pytest.fixture
def stack(monkeypatch, tmp_path):
    """What the stack's Home Assistant finds in its environment."""
    (tmp_path / "token").write_text("made-at-first-boot\n")
    (tmp_path / "home-id").write_text("h-3f9c\n")
    monkeypatch.setenv(ENGINE_URL_VARIABLE, "http://engine:8124")
    monkeypatch.setenv(ENGINE_TOKEN_VARIABLE, str(tmp_path / "token"))
    monkeypatch.setenv(HOME_ID_VARIABLE, str(tmp_path / "home-id"))
    return tmp_path


def announcement(payload=ANNOUNCED):
    return MqttServiceInfo(
        topic="hems/h-3f9c/stack/announce",
        payload=payload,
        qos=1,
        retain=True,
        subscribed_topic="hems/+/stack/announce",
        timestamp=0.0,
    )


async def found(hass, payload=ANNOUNCED):
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_MQTT}, data=announcement(payload)
    )


async def going_on(hass, flow, *steps):
    for data in steps:
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"], as_sent(flow, data))
    return flow


async def test_a_stack_is_found_and_a_first_home_is_recorded_by_it_and_planned_by_its_engine(hass, stack):
    flow = await found(hass)
    assert (flow["step_id"], flow["description_placeholders"]) == ("mqtt_first", {"home_id": "h-3f9c"})
    flow = await going_on(hass, flow, {}, *HOME)
    assert flow["step_id"] == "engine"
    flow = await going_on(hass, flow, {"kind": "stack"})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"]["exchange"] == PUBLISHED
    assert flow["data"]["engine"] == {"kind": "url", "url": "http://engine:8124", "token": "made-at-first-boot"}


async def test_the_stacks_engine_is_what_a_new_home_is_offered_first(hass, stack):
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await going_on(hass, flow, *HOME)
    (kind,) = [key for key in flow["data_schema"].schema if key == "kind"]
    assert kind.default() == "stack"


async def test_the_simulated_home_plans_with_the_stacks_engine_without_asking(hass, stack):
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await going_on(hass, flow, {"next_step_id": "simulated"}, {"name": "Toy", "advanced": {}})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["data"]["engine"] == {"kind": "url", "url": "http://engine:8124", "token": "made-at-first-boot"}


async def test_outside_a_stack_there_is_no_such_engine(hass):
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    flow = await going_on(hass, flow, *HOME)
    (kind,) = [key for key in flow["data_schema"].schema if key == "kind"]
    assert kind.default() == "embedded"
    assert "stack" not in flow["data_schema"].schema[kind].config["options"]


async def test_a_home_that_exists_is_recorded_once_somebody_says_so(hass):
    entry = an_entry()
    entry.add_to_hass(hass)
    flow = await found(hass)
    assert flow["step_id"] == "mqtt_confirm"
    assert flow["description_placeholders"] == {"home": "My home", "home_id": "h-3f9c"}
    assert "exchange" not in entry.data
    flow = await going_on(hass, flow, {})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "publishing")
    assert entry.data["exchange"] == PUBLISHED


@pytest.mark.parametrize("exchange", [PUBLISHED, {**PUBLISHED, "home_id": "h-other"}])
async def test_a_stack_that_is_used_or_that_nobody_is_left_for_says_nothing(hass, exchange):
    an_entry(exchange=exchange).add_to_hass(hass)
    flow = await found(hass)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.parametrize("payload", ["", "{}", '{"home": "a/+", "time": "2026-03-02T12:00:00Z"}', "hello"])
async def test_an_announcement_that_makes_no_sense_is_ignored(hass, payload):
    flow = await found(hass, payload)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "invalid_discovery")


async def reconfigured(hass, entry, *steps):
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    return await going_on(hass, flow, {"next_step_id": "exchange"}, *steps)


async def test_publishing_is_switched_on_and_off_and_keeps_its_id(hass):
    entry = an_entry()
    entry.add_to_hass(hass)
    flow = await reconfigured(hass, entry)
    (home_id,) = [key for key in flow["data_schema"].schema if key == "home_id"]
    assert home_id.default().startswith("h-")
    flow = await going_on(hass, flow, {"publish": True, "home_id": " h-9 ", "interval_s": 30})
    assert flow["reason"] == "reconfigure_successful"
    assert entry.data["exchange"] == {"publish": True, "home_id": "h-9", "interval_s": 30}
    await reconfigured(hass, entry, {"publish": False, "home_id": "h-9", "interval_s": 30})
    assert entry.data["exchange"] == {"publish": False, "home_id": "h-9", "interval_s": 30}


async def test_in_the_stack_its_id_is_proposed(hass, stack):
    entry = an_entry()
    entry.add_to_hass(hass)
    flow = await reconfigured(hass, entry)
    (home_id,) = [key for key in flow["data_schema"].schema if key == "home_id"]
    assert home_id.default() == "h-3f9c"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"home_id": "My Home"}, {"home_id": "invalid_value"}),
        ({"interval_s": 0.5}, {"interval_s": "out_of_range"}),
        ({"interval_s": 61}, {"interval_s": "out_of_range"}),
        ({"home_id": "h-taken"}, {"home_id": "home_id_taken"}),
    ],
)
async def test_what_cannot_be_published_under_or_so_often_is_refused(hass, changes, error):
    other = an_entry(name="Other", exchange={**PUBLISHED, "home_id": "h-taken"})
    other.add_to_hass(hass)
    entry = an_entry()
    entry.add_to_hass(hass)
    flow = await reconfigured(hass, entry, {"publish": True, "home_id": "h-1", "interval_s": 10, **changes})
    assert flow["errors"] == error


async def test_the_engine_of_the_stack_stays_chosen_when_a_home_is_changed(hass, stack):
    engine = {"kind": "url", "url": "http://engine:8124", "token": "made-at-first-boot"}
    entry = an_entry(engine=engine)
    entry.add_to_hass(hass)
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    flow = await going_on(hass, flow, {"next_step_id": "engine"})
    (kind,) = [key for key in flow["data_schema"].schema if key == "kind"]
    assert kind.default() == "stack"


def test_a_home_that_publishes_nothing_needs_no_id():
    assert "exchange" not in home_data()
