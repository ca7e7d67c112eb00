"""Every step of a flow has words for all that it shows."""

import json
from pathlib import Path
from string import Formatter

from homeassistant.data_entry_flow import FlowResultType, section

import custom_components.hems

STRINGS = json.loads((Path(custom_components.hems.__file__).parent / "strings.json").read_text())


def assert_worded(result, strings):
    """The result's title, fields, errors, choices or reason are in the strings, and no placeholder stays empty."""
    match result["type"]:
        case FlowResultType.FORM:
            step = strings["step"][result["step_id"]]
            texts = [step["title"], step["description"], *_field_texts(result["data_schema"], step)]
            texts += [strings["error"][error] for error in (result["errors"] or {}).values()]
        case FlowResultType.MENU:
            step = strings["step"][result["step_id"]]
            texts = [step["title"], step["description"], *(step["menu_options"][key] for key in result["menu_options"])]
        case FlowResultType.ABORT:
            texts = [strings["abort"][result["reason"]]]
        case _:
            texts = []
    placeholders = result.get("description_placeholders") or {}
    for text in texts:
        assert text
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= set(placeholders), text


def _field_texts(schema, step):
    for key, value in (schema.schema if schema else {}).items():
        if isinstance(value, section):
            yield step["sections"][key]["name"]
            yield from _field_texts(value.schema, step["sections"][key])
        else:
            yield step["data"][key]
            yield step["data_description"][key]


def as_sent(flow, data):
    """What the frontend sends for a form: with its sections, be they empty."""
    fields = flow["data_schema"].schema if flow.get("data_schema") else {}
    return {**{str(key): {} for key, value in fields.items() if isinstance(value, section)}, **data}
