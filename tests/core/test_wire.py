"""Messages survive the wire; what is no message is refused by name."""

from collections.abc import Callable
from contextlib import suppress
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Outcome, Plan, PlanRequest, TimedOut
from tests.builders import (
    a_battery,
    a_flexible_load,
    a_heat_pump,
    a_pv,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)
from tests.core.messages import plain_json, plans, requests

SEVERAL = settings(max_examples=60, deadline=None)
"""Each example is a whole home."""


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": wire.schemas()}})


@SEVERAL
@given(requests())
def test_a_request_comes_back_as_it_was(request_):
    assert wire.decode(PlanRequest, wire.encode(request_)) == request_


@SEVERAL
@given(plans())
def test_a_plan_comes_back_as_it_was(plan):
    assert wire.decode(Plan, wire.encode(plan)) == plan


@SEVERAL
@given(requests())
def test_a_request_survives_diagnostics(request_):
    again = json.loads(json.dumps(wire.to_plain(request_)))
    assert wire.decode(PlanRequest, json.dumps(again)) == request_


@SEVERAL
@given(requests())
def test_the_schema_describes_every_request(request_):
    validator("PlanRequest").validate(json.loads(wire.encode(request_)))


@SEVERAL
@given(plans())
def test_the_schema_describes_every_plan(plan):
    validator("Plan").validate(json.loads(wire.encode(plan)))


def test_an_outcome_travels_alone():
    outcome = TimedOut(time_limit_s=3.0)
    assert wire.decode(Outcome, wire.encode(outcome)) == outcome


def test_the_schemas_are_schemas():
    for schema in wire.schemas().values():
        Draft202012Validator.check_schema(schema)


def test_every_kind_of_asset_is_in_the_schema():
    kinds = wire.schemas()["Site"]["properties"]["assets"]["items"]["discriminator"]["mapping"]
    stored = {"battery", "pv", "inverter", "ev_charger"}
    assert set(kinds) == {*stored, "heat_pump", "hot_water", "appliance", "flexible_load"}


def a_message() -> dict[str, Any]:
    charger = an_ev_charger_state(an_ev_session(arrival=1, departure=5))
    home = (a_battery(), a_pv(), an_ev_charger(), a_heat_pump(), a_flexible_load())
    return json.loads(wire.encode(a_request(*home, charger)))


def put(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(message: dict[str, Any]) -> None:
        target: Any = message
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(message: dict[str, Any]) -> None:
        target: Any = message
        for part in path[:-1]:
            target = target[part]
        del target[path[-1]]

    return change


def hole(*path: str | int) -> Callable[[dict[str, Any]], None]:
    return put(*path, value={"times": ["2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"], "values": [None]})


def short(*path: str | int) -> Callable[[dict[str, Any]], None]:
    return put(*path, value={"times": ["2026-03-02T00:00:00Z", "2026-03-02T05:30:00Z"], "values": [0.3]})


BATTERY = ("site", "assets", 0)
CHARGER = ("site", "assets", 2)
VISIT = ("states", 2, "sessions", 0)
REFUSED = [
    ("not a number", put(*BATTERY, "capacity_kwh", value=float("nan")), "site.assets[0].capacity_kwh", "finite"),
    ("infinite", put(*BATTERY, "max_charge_kw", value=float("inf")), "site.assets[0].max_charge_kw", "finite"),
    ("text for a number", put(*BATTERY, "capacity_kwh", value="10"), "site.assets[0].capacity_kwh", "valid number"),
    ("true for a number", put(*BATTERY, "capacity_kwh", value=True), "site.assets[0].capacity_kwh", "valid number"),
    ("negative", put(*BATTERY, "capacity_kwh", value=-1.0), "site.assets[0].capacity_kwh", "greater than 0"),
    ("per cent for a fraction", put(*BATTERY, "min_soc", value=20), "site.assets[0].min_soc", "between 0 and 1"),
    ("bounds crossed", put(*CHARGER, "min_current_a", value=99), "site.assets[2].min_current_a", "must not exceed"),
    ("unknown field", put(*BATTERY, "colour", value="red"), "site.assets[0].colour", "Unexpected keyword"),
    ("unknown field at the top", put("mood", value=1), "mood", "Unexpected keyword"),
    ("unknown kind", put(*BATTERY, "kind", value="reactor"), "site.assets[0]", "reactor"),
    ("no kind", drop(*BATTERY, "kind"), "site.assets[0]", "kind"),
    ("missing field", drop(*BATTERY, "capacity_kwh"), "site.assets[0].capacity_kwh", "required"),
    ("missing part", drop("tariff", "import_price"), "tariff.import_price", "required"),
    ("null part", put("site", value=None), "site", "object"),
    ("naive now", put("now", value="2026-03-02T00:00:00"), "now", "time zone"),
    ("naive arrival", put(*VISIT, "arrival", value="2026-03-02T01:00:00"), "states[2].sessions[0].arrival", "zone"),
    ("number for a time", put("now", value=1772409600), "now", "datetime"),
    ("time outside the horizon", put("now", value="2027-01-01T00:00:00Z"), "now", "must lie in the horizon"),
    ("time out of range", put("now", value="0001-01-01T00:00:00+05:00"), "now", "too far"),
    ("no steps", put("horizon", "steps_s", value=[]), "horizon.steps_s", "must not be empty"),
    ("step of no length", put("horizon", "steps_s", value=[300, 0]), "horizon.steps_s", "positive"),
    ("endless horizon", put("horizon", "steps_s", value=[10**30]), "horizon.steps_s", "at most"),
    ("too many steps", put("horizon", "steps_s", value=[1] * 20_000), "horizon.steps_s", "at most"),
    ("horizon beyond the calendar", put("horizon", "start", value="9999-12-31T00:00:00Z"), "horizon.start", "too far"),
    ("hole in the prices", hole("tariff", "import_price"), "tariff.import_price", "no value between"),
    ("prices too short", short("tariff", "export_price"), "tariff.export_price", "2026-03-02T05:00:00+00:00"),
    ("hole in the load", hole("load_kw"), "load_kw", "no value between"),
    ("hole in the sun", hole("states", 1, "available_kw"), "states[1].available_kw", "no value between"),
    ("values missing", put("load_kw", "values", value=[1.0, 2.0]), "load_kw.times", "one entry more"),
    ("negative load", put("load_kw", "values", 0, value=-1.0), "load_kw", "at least 0"),
    ("unknown time zone", put("site", "time_zone", value="Mars/Olympus"), "site.time_zone", "IANA"),
    ("path for a time zone", put("site", "time_zone", value="../../etc/passwd"), "site.time_zone", "IANA"),
    ("wrong currency", put("tariff", "currency", value="euro"), "tariff.currency", "ISO 4217"),
    ("no outdoor temperature", drop("outdoor_c"), "outdoor_c", "heat pump"),
    ("state missing", drop("states", 0), "states", "'battery'"),
    ("state of nobody", put("states", 0, "asset", value="ghost"), "states", "'ghost'"),
    ("state of another kind", put("states", 0, "asset", value="pv"), "states[0]", "kind"),
    ("asset twice", put("site", "assets", 1, "name", value="battery"), "site", "unique"),
    ("empty name", put(*BATTERY, "name", value=" "), "site.assets[0].name", "must not be empty"),
    ("departure before arrival", put(*VISIT, "departure", value="2026-03-01T00:00:00Z"),
     "states[2].sessions[0].departure", "must be after arrival"),
    ("two phases", put(*CHARGER, "phases", value=[2]), "site.assets[2].phases", "1, 3 or both"),
    ("fuller than full", put(*VISIT, "energy_kwh", value=61.0), "states[2].sessions[0].energy_kwh", "between 0 and 60"),
    ("no time to solve", put("options", "time_limit_s", value=0), "options.time_limit_s", "greater than 0"),
    ("override of nobody", put("overrides", value=[{"asset": "ghost", "power_kw": 1, "until": "2026-03-02T01:00:00Z"}]),
     "overrides", "'ghost'"),
]  # fmt: skip


def test_the_untouched_message_is_fine():
    wire.decode(PlanRequest, json.dumps(a_message()))


@pytest.mark.parametrize(("change", "field", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_wrong_is_refused_and_named(change, field, said):
    message = a_message()
    change(message)
    with pytest.raises(wire.WireError) as refusal:
        wire.decode(PlanRequest, json.dumps(message))
    first = refusal.value.errors[0]
    assert said in first.message
    assert first.field == field
    assert refusal.value.is_json


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"{} {}", b"[" * 100_000, b"9" * 5000, b"nonsense"])
def test_what_is_not_json_is_said_to_be_none(text):
    with pytest.raises(wire.WireError) as refusal:
        wire.decode(PlanRequest, text)
    assert not refusal.value.is_json
    assert refusal.value.errors[0].message


def test_a_message_with_thousands_of_faults_names_the_first_few():
    message = a_message()
    message["horizon"]["steps_s"] = ["x"] * 5000
    with pytest.raises(wire.WireError) as refusal:
        wire.decode(PlanRequest, json.dumps(message))
    assert len(refusal.value.errors) == 50
    assert len(str(refusal.value)) < 1000


@SEVERAL
@given(plans())
def test_a_plan_of_the_wrong_length_is_refused(plan):
    message = wire.to_plain(plan)
    message["import_kw"] = [*message["import_kw"], 1.0]
    with pytest.raises(wire.WireError) as refusal:
        wire.decode(Plan, json.dumps(message))
    assert refusal.value.errors[0].field == "import_kw"


@settings(max_examples=200, deadline=None)
@given(plain_json())
def test_any_json_is_a_message_or_a_refusal(value):
    with pytest.raises(wire.WireError):
        wire.decode(PlanRequest, json.dumps(value))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_json_in_the_place_of_any_part_is_read_or_refused(data):
    message = a_message()
    target: Any = message
    while isinstance(target, dict | list) and target:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if data.draw(st.booleans()) or not isinstance(target[key], dict | list):
            target[key] = data.draw(plain_json())
            break
        target = target[key]
    with suppress(wire.WireError):
        wire.decode(PlanRequest, json.dumps(message))


def test_health_of_a_newer_engine_is_still_recognised():
    newer = {"api": 99, "version": "9.0", "status": "ok", "mood": "fine"}
    assert wire.decode(wire.EngineHealth, json.dumps(newer)).api == 99
