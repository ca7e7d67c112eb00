"""Writes the tables of fields in docs/configuration.md: the work behind scripts/docs-tables.

A table stands between `<!-- fields: NAME -->` and `<!-- end -->`; NAME is a step of the set-up or a kind of asset.
Its words are those of the forms, its defaults and entities those of the fields.
"""

from collections.abc import Mapping
import json
from pathlib import Path
import re
import sys
from typing import Any

from custom_components.hems.flows import engine, exchange, site
from custom_components.hems.flows.assets import ASSET_FIELDS
from custom_components.hems.flows.entities import MEASURING
from custom_components.hems.flows.fields import ADVANCED, MEASUREMENTS, Field

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "configuration.md"
STRINGS = json.loads((ROOT / "custom_components" / "hems" / "strings.json").read_text("utf-8"))
CURRENCY = "EUR"
MARKS = {ADVANCED: " *", MEASUREMENTS: " †"}
"""Behind the names of fields, by the section that they stand in."""
PLACE = re.compile(r"(<!-- fields: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

STEPS: Mapping[str, tuple[Field, ...]] = {
    "home": (site.NAME, site.CURRENCY, *site.LIMITS, *site.METERS, site.PHASE_FUSE, *site.RECORDED),
    "simulated": (site.NAME, site.SPEED, site.SEED),
    **{f"tariff_{kind}": fields for kind, fields in site.TARIFFS.items()},
    "engine_url": engine.URL_FORM_FIELDS,
    "exchange": exchange.EXCHANGE,
}


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
    return 0


def with_tables(page: str) -> str:
    """The page with every table as it should be."""
    return PLACE.sub(lambda found: found[1] + table(found["name"]) + found[3], page)


def table(name: str) -> str:
    """The fields of a step or of an asset kind."""
    if name in STEPS:
        fields, step = STEPS[name], STRINGS["config"]["step"][name]
    else:
        fields, step = ASSET_FIELDS[name], STRINGS["config_subentries"][name]["step"]["details"]
    rows = [_row(field, step) for field in fields]
    if name not in STEPS:
        rows.insert(0, _line(step["data"]["name"], "needed", step["data_description"]["name"]))
    return "\n".join(["| field | default | what it means |", "|---|---|---|", *rows, ""])


def _row(field: Field, step: Mapping[str, Any]) -> str:
    # A field may stand in a section in one form and not in another: the words know.
    sections = step.get("sections", {}).items()
    name, words = next(((name, more) for name, more in sections if field.key in more["data"]), ("", step))
    meaning = words["data_description"][field.key]
    if field.role is not None and field.role.domains != MEASURING:
        meaning += f" An entity of {_listed(field.role.domains)}."
    return _line(words["data"][field.key] + MARKS.get(name, ""), _default(field), meaning)


def _default(field: Field) -> str:
    if field.default is None:
        return "needed" if field.required else ""
    shown = field.shown(field.default)
    if isinstance(shown, bool):
        return "on" if shown else "off"
    if isinstance(shown, str):
        options = STRINGS["selector"].get(field.key, {}).get("options", {})
        return str(options.get(shown) or re.sub(r"^(\d\d:\d\d):00$", r"\1", shown))
    unit = field.selector(CURRENCY).config.get("unit_of_measurement", "")
    return f"{shown:g} {unit}".strip()


def _listed(domains: tuple[str, ...]) -> str:
    *others, last = (f"`{domain}`" for domain in domains)
    return f"{', '.join(others)} or {last}" if others else last


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


if __name__ == "__main__":
    sys.exit(main())
