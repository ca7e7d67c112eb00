"""The documentation says what is there: links lead somewhere, and no field, entity or action is forgotten."""

from importlib.util import module_from_spec, spec_from_file_location
import json
from pathlib import Path
import re
import subprocess

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from jsonschema import Draft202012Validator
import pytest
import yaml

from custom_components.hems.core.exchange.schemas import schemas

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "addon").glob("*.md")])
HEMS = ROOT / "custom_components" / "hems"
STRINGS = json.loads((HEMS / "strings.json").read_text("utf-8"))
LARGEST_PICTURE = 300_000

LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
PATH = re.compile(
    r"`(?P<path>(?:scripts|docs|addon|balena|custom_components|tests|\.ci|bench|frontend)/[\w./-]+)[^`]*`"
)
YAML = re.compile(r"```yaml\n(?P<text>.*?)```", re.DOTALL)


def text(name: str) -> str:
    """A page."""
    return (ROOT / name).read_text("utf-8")


def anchors(page: str) -> set[str]:
    """What its headings are called in links."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def part(page: str, heading: str) -> str:
    """What stands under a heading, to the next one of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}$(?P<body>.*?)(?=^#{{1,2}} |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading {heading!r}"
    return found["body"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    broken = []
    for link in LINK.finditer(page.read_text("utf-8")):
        target, _, anchor = link["target"].partition("#")
        if "://" in target:
            continue
        file = (page.parent / target) if target else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(link["target"])
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_is_named_is_there(page):
    paths = {found["path"] for found in PATH.finditer(page.read_text("utf-8"))}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def test_every_page_is_reached_from_the_readme():
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        links = {
            (page.parent / link["target"].partition("#")[0]).resolve()
            for page in new
            for link in LINK.finditer(page.read_text("utf-8"))
            if "://" not in link["target"]
        }
        new = {page for page in links if page.suffix == ".md"} - reached
    assert set(DOCS.glob("*.md")) <= reached


def test_pictures_are_small():
    pictures = (DOCS / "images").iterdir()
    assert {picture.name for picture in pictures if picture.stat().st_size > LARGEST_PICTURE} == set()


def test_tables_of_fields_are_those_of_the_forms():
    spec = spec_from_file_location("hems_docs_tables", ROOT / "scripts" / "_docs_tables.py")
    tables = module_from_spec(spec)
    spec.loader.exec_module(tables)
    page = text("docs/configuration.md")
    assert page == tables.with_tables(page), "run scripts/docs-tables"
    assert set(STRINGS["config_subentries"]) <= {found["name"] for found in tables.PLACE.finditer(page)}


def test_the_table_of_quantities_is_that_of_the_messages():
    spec = spec_from_file_location("hems_docs_mqtt", ROOT / "scripts" / "_docs_mqtt.py")
    tables = module_from_spec(spec)
    spec.loader.exec_module(tables)
    page = text("docs/mqtt.md")
    assert page == tables.with_quantities(page), "run scripts/docs-tables"


def labels() -> set[str]:
    """Every field of every form, in its words."""
    flows = [STRINGS["config"], *STRINGS["config_subentries"].values()]
    steps = [step for flow in flows for step in flow["step"].values()]
    groups = [group for step in steps for group in (step, *step.get("sections", {}).values())]
    options = STRINGS["selector"]
    named = {label for group in groups for label in group.get("data", {}).values()}
    named |= {field["name"] for field in options["periods"]["fields"].values()}
    return named | set(options["engine"]["options"].values())


def test_every_field_is_documented():
    page = text("docs/configuration.md")
    said = {label for label in labels() if re.search(rf"(\*\*|\| ){re.escape(label)}( [*†])?(\*\*| \|)", page)}
    assert labels() - said == set()


def test_every_entity_is_documented_once_for_its_domain():
    rows = set(re.findall(r"^\| \*\*(.+?)\*\* \| (\w+(?: sensor)?)", text("docs/entities.md"), re.MULTILINE))
    rows |= {("Power", "sensor"), ("Planned power", "sensor")}  # of all assets but one kind: in a sentence
    documented = {(name, domain.replace(" ", "_")) for name, domain in rows}
    entities = {
        (entity["name"], domain) for domain, entities in STRINGS["entity"].items() for entity in entities.values()
    }
    assert documented == entities


def test_every_state_of_an_entity_is_named():
    page = text("docs/entities.md").lower()
    states = {
        state.lower()
        for domain in ("sensor", "select")
        for entity in STRINGS["entity"][domain].values()
        for state in entity.get("state", {}).values()
    }
    assert {state for state in states if state not in page} == set()


def test_every_action_is_documented_with_its_fields():
    page = text("docs/actions.md")
    actions = yaml.safe_load((HEMS / "services.yaml").read_text("utf-8"))
    for name, action in actions.items():
        fields = re.findall(r"^\| `(\w+)` \|", part(page, f"`hems.{name}`"), re.MULTILINE)
        assert set(fields) == set(action["fields"]), name


REPAIRS = {
    "engine_unavailable": "plans without its engine",
    "engine_unauthorized": "does not accept its token",
    "request_refused": "refuses its request",
    "dashboard_not_made": "dashboard",
    "inverter_removed": "lost a hybrid inverter",
    "weather_silent": "has no weather forecast",
    "mqtt_missing": "cannot publish to MQTT",
}


def test_every_repair_has_a_place_in_troubleshooting():
    headings = "\n".join(re.findall(r"^## .*$", text("docs/troubleshooting.md"), re.MULTILINE))
    titles = {key: issue["title"] for key, issue in STRINGS["issues"].items()}
    assert {key for key in titles if REPAIRS[key] not in titles[key] or REPAIRS[key] not in headings} == set()


def examples() -> list[dict]:
    """The automations of the documentation."""
    blocks = [yaml.safe_load(found["text"]) for found in YAML.finditer(text("docs/actions.md"))]
    return [block for block in blocks if "triggers" in block]


async def test_example_automations_load(hass: HomeAssistant):
    assert await async_setup_component(hass, "automation", {"automation": examples()})
    await hass.async_block_till_done()
    states = {state.name: state.state for state in hass.states.async_all("automation")}
    assert states == {example["alias"]: "on" for example in examples()}
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


def test_example_automations_use_entities_and_actions_that_exist():
    page = text("docs/actions.md")
    names = {entity["name"].lower().replace(" ", "_") for entity in STRINGS["entity"]["sensor"].values()}
    assert set(re.findall(r"sensor\.my_home_(\w+)", page)) <= names
    assert set(re.findall(r"action: hems\.(\w+)", page)) <= set(STRINGS["services"])


def help_of(script: str) -> str:
    """What a script says of itself and of its commands."""
    benches = ("closed-loop", "recovery", "footprint", "soak", "fleet") if script == "bench" else ()
    questions = [["--help"], *([name, "--help"] for name in benches)]
    command = ROOT / "scripts" / script
    answers = [subprocess.run([command, *more], capture_output=True, text=True, check=True) for more in questions]
    return "".join(answer.stdout for answer in answers)


@pytest.mark.parametrize("script", ["demo", "bench", "replay", "stack"])
def test_commands_that_are_written_down_are_known_to_their_script(script):
    lines = re.findall(rf"scripts/{script}\b([^`|\n]*)", "\n".join(page.read_text("utf-8") for page in PAGES))
    said = {option for line in lines for option in re.findall(r"--[\w-]+", line)}
    known = help_of(script)
    assert {option for option in said if option not in known} == set()


def test_the_published_schemas_of_messages_are_schemas_and_current():
    published = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs/mqtt").glob("*.schema.json")}
    assert published == {f"{name}.schema.json": schema for name, schema in schemas().items()}, "run scripts/docs-tables"
    for schema in published.values():
        Draft202012Validator.check_schema(schema)
