"""A charger that switches between one and three phases never draws more than was meant."""

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.hems.actuate import Writer
from custom_components.hems.actuate import writer as writer_module
from custom_components.hems.actuate.calls import Impossible
from custom_components.hems.actuate.phases import phase_call
from custom_components.hems.core.dispatch import Setpoint
from custom_components.hems.core.model import Source
from custom_components.hems.devices import Applied, Refused
from custom_components.hems.home import parse_home
from tests.integration.entries import a_subentry, an_entry

AMPERE = {"min": 0, "max": 16, "step": 1, "unit_of_measurement": "A"}
OPTIONS = {"options": ["1 phase", "3 phases"]}


@pytest.fixture(autouse=True)
def devices_are_quick(monkeypatch):
    monkeypatch.setattr(writer_module, "SETTLE_S", 0.0)
    monkeypatch.setattr(writer_module, "PHASES_WITHIN_S", 0.05)
    monkeypatch.setattr(writer_module, "LOOK_EVERY_S", 0.01)


class Wallbox:
    """A charger on `current` A and `phases`, with everything that it was told, in order."""

    def __init__(self, hass, current=0, phases="1 phase", obeys=True, control=AMPERE, counts=(1, 3), **changes):
        self.hass = hass
        self.told = []
        self.obeys = obeys
        self.control = control
        hass.states.async_set("number.current", str(current), control)
        hass.states.async_set("select.phases", phases, OPTIONS)
        hass.services.async_register("number", "set_value", self._current)
        hass.services.async_register("select", "select_option", self._phases)
        entities = {"control_entity": "number.current", "phase_entity": "select.phases"}
        self.home = parse_home(an_entry(a_subentry("ev_charger", phases=[*counts], **entities | changes)), "UTC")
        (self.name,) = self.home.titles
        self.writer = Writer(hass, self.home, self.home.asset)

    async def _current(self, call):
        self.told.append(call.data["value"])
        self.hass.states.async_set("number.current", str(call.data["value"]), self.control)

    async def _phases(self, call):
        self.told.append(call.data["option"])
        if self.obeys is None:
            raise HomeAssistantError("no route")
        if self.obeys:
            self.hass.states.async_set("select.phases", call.data["option"], OPTIONS)

    async def charge(self, power_kw, phases):
        setpoint = Setpoint(asset=self.name, power_kw=power_kw, phases=phases, source=Source.PLAN, reason="plan")
        return await self.writer.async_apply(setpoint, dt_util.utcnow())


async def test_the_phases_are_set_before_the_current_is_raised(hass):
    wallbox = Wallbox(hass, current=0, phases="3 phases")
    assert isinstance(await wallbox.charge(2.3, 1), Applied)
    assert wallbox.told == ["1 phase", 10]


async def test_the_current_is_lowered_before_more_phases_are_used(hass):
    wallbox = Wallbox(hass, current=16, phases="1 phase")
    assert isinstance(await wallbox.charge(4.2, 3), Applied)
    assert wallbox.told == [6, "3 phases"]


async def test_phases_that_are_already_set_are_not_set_again(hass):
    wallbox = Wallbox(hass, current=6, phases="1 phase")
    assert isinstance(await wallbox.charge(2.3, 1), Applied)
    assert wallbox.told == [10]


DOUBTFUL = [
    ("it shows another count", {"obeys": False}, 3.68, [0, "1 phase"], "does not show within 0.05 s"),
    ("the command fails", {"obeys": None}, 3.68, [0, "1 phase"], "no route"),
    ("no option means it", {"phases": "unavailable"}, 3.68, [0], "select.phases is unavailable"),
    ("it cannot go below 6 A", {"obeys": False, "control": AMPERE | {"min": 6}}, 1.4, [6, "1 phase"], "does not show"),
]


@pytest.mark.parametrize(
    ("changes", "power_kw", "told", "reason"), [row[1:] for row in DOUBTFUL], ids=[row[0] for row in DOUBTFUL]
)
async def test_while_the_phases_are_in_doubt_the_current_is_safe_on_three(hass, changes, power_kw, told, reason):
    wallbox = Wallbox(hass, **{"current": 16, "phases": "3 phases"} | changes)
    result = await wallbox.charge(power_kw, 1)
    assert isinstance(result, Refused)
    assert reason in result.reason
    assert "safe on 3 phases" in result.reason
    assert wallbox.told == told


async def test_a_doubtful_charger_still_gets_what_is_safe_on_three(hass):
    wallbox = Wallbox(hass, current=0, phases="1 phase", obeys=False)
    assert isinstance(await wallbox.charge(6.9, 3), Refused)
    assert wallbox.told == ["3 phases", 10]


async def test_a_charger_that_is_only_switched_on_waits_until_its_phases_are_set(hass):
    switched = []

    async def turn_on(call):
        switched.append(call.data["entity_id"])

    hass.services.async_register("switch", "turn_on", turn_on)
    hass.states.async_set("switch.wallbox", "off")
    wallbox = Wallbox(hass, phases="3 phases", obeys=False, control_entity="switch.wallbox")
    assert isinstance(await wallbox.charge(2.3, 1), Refused)
    assert switched == []
    wallbox.obeys = True
    assert isinstance(await wallbox.charge(2.3, 1), Applied)
    assert switched == ["switch.wallbox"]


async def test_without_a_phase_entity_the_current_is_that_of_three_phases(hass):
    wallbox = Wallbox(hass, current=0, phase_entity=None)
    await wallbox.charge(6.9, 1)
    assert wallbox.told == [10]


async def test_a_charger_on_one_phase_gets_the_current_of_one(hass):
    wallbox = Wallbox(hass, current=0, counts=[1], phase_entity=None)
    await wallbox.charge(2.3, 1)
    assert wallbox.told == [10]


WORDED = [
    ("select.phases", {"options": ["Auto", "force_1", "force_3"]}, 1, {"option": "force_1"}),
    ("select.phases", {"options": ["Auto", "force_1", "force_3"]}, 3, {"option": "force_3"}),
    ("input_select.phases", {"options": ["Single phase", "Three phases"]}, 3, {"option": "Three phases"}),
    ("select.phases", {"options": ["einphasig", "dreiphasig"]}, 1, {"option": "einphasig"}),
    ("number.phases", {}, 3, {"value": 3}),
    ("input_number.phases", {}, 1, {"value": 1}),
]


@pytest.mark.parametrize(("entity_id", "attributes", "phases", "data"), WORDED)
async def test_phases_are_named_in_the_words_of_the_entity(hass, entity_id, attributes, phases, data):
    hass.states.async_set(entity_id, "?", attributes)
    call = phase_call(hass.states.get(entity_id), phases)
    assert (call.domain, call.data) == (entity_id.partition(".")[0], data)
    assert call.seen_in(hass.states.get(entity_id)) is False


@pytest.mark.parametrize(("phases", "action", "state"), [(1, "turn_off", "off"), (3, "turn_on", "on")])
async def test_a_switch_is_on_for_three_phases(hass, phases, action, state):
    hass.states.async_set("switch.three_phases", state)
    call = phase_call(hass.states.get("switch.three_phases"), phases)
    assert (call.action, call.seen_in(hass.states.get("switch.three_phases"))) == (action, True)


async def test_a_number_shows_its_phases(hass):
    hass.states.async_set("number.phases", "3.0")
    assert phase_call(hass.states.get("number.phases"), 3).seen_in(hass.states.get("number.phases"))


async def test_an_option_that_names_both_counts_means_neither(hass):
    hass.states.async_set("select.phases", "Auto 1/3", {"options": ["Auto 1/3", "3"]})
    call = phase_call(hass.states.get("select.phases"), 1)
    assert isinstance(call, Impossible)
    assert "offers Auto 1/3, 3" in call.reason
