"""The dashboards as files: what Grafana needs, what a reader needs, and that they ask for what there is."""

from importlib.util import module_from_spec, spec_from_file_location
import re

from hems_agent.provision import QUARTERS, RAW
from hems_core.exchange.quantities import KINDS, QUANTITIES
import pytest
import yaml

from tests.stack.flux_queries import DASHBOARDS, FOLDER, ROOT, panels, queries
from tests.stack.recorded_home import bucket, recorded

SOURCE = yaml.safe_load((ROOT / "balena/grafana/provisioning/datasource.yaml").read_text())["datasources"][0]
EVERY = [(name, panel) for name, dashboard in DASHBOARDS.items() for panel in panels(dashboard)]
ASKED = [(name, what, query) for name, dashboard in DASHBOARDS.items() for what, query in queries(dashboard)]
UNITS = {"none", "short", "kwatt", "kwatth", "percent", "celsius", "masskg", "s", "h", "bytes", "volt", "amp"}
PANELS = {"timeseries", "stat", "table", "state-timeline", "histogram"}
"""All of them are part of Grafana."""
SCHEMA: dict[str, tuple[set[str], set[str]]] = {}
"""Tags and fields by measurement, of what the agent's own code writes."""
for (_measurement, _tags), _field in bucket(*recorded("h-1")).values:
    _known = SCHEMA.setdefault(_measurement, (set(), set()))
    _known[0].update(key for key, _ in _tags)
    _known[1].add(_field)
SCHEMA["telemetry"][1].update(QUANTITIES)
MADE_BY_QUERIES = {"left", "right", "generated", "bought", "sold", "name", "role", "_time", "_value", "_field"}
MADE_BY_QUERIES |= {"_measurement", "unit"}


def by_name(items):
    return [f"{name}: {each if isinstance(each, str) else each['title']}" for name, each, *_ in items]


def test_the_files_are_those_that_the_script_makes():
    spec = spec_from_file_location("hems_grafana_dashboards", ROOT / "scripts/_grafana_dashboards.py")
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    there = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert there == script.files(), "run scripts/docs-tables"


def test_there_is_one_for_each_question():
    assert set(DASHBOARDS) == {"overview", "energy", "forecasts", "plan", "health", "fleet"}
    uids = [dashboard["uid"] for dashboard in DASHBOARDS.values()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)
    assert len({dashboard["title"] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_are_numbered_placed_and_do_not_overlap(name):
    everything = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken = set()
    for panel in everything:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("name", "panel"), EVERY, ids=by_name(EVERY))
def test_a_reader_is_told_what_a_panel_shows(name, panel):
    assert panel["type"] in PANELS
    assert panel["title"].strip()
    assert panel["description"].endswith(".")
    assert len(panel["description"]) > 10
    defaults = panel["fieldConfig"]["defaults"]
    units = [defaults["unit"], *(each["value"] for each in properties(panel, "unit"))]
    assert defaults["unit"] in UNITS
    assert all(re.fullmatch(r"[A-Za-z0-9]+", unit) for unit in units)
    steps = [defaults["thresholds"]["steps"], *(each["value"]["steps"] for each in properties(panel, "thresholds"))]
    for each in steps:
        limits = [step["value"] for step in each]
        assert limits[0] is None, "a colour below every limit"
        assert limits[1:] == sorted(limits[1:])
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"]
    assert [target["refId"] for target in panel["targets"]] == list("ABCDEFGHIJ"[: len(panel["targets"])])


def properties(panel, name):
    return [each for rule in panel["fieldConfig"]["overrides"] for each in rule["properties"] if each["id"] == name]


def test_everything_is_asked_of_the_provisioned_source():
    wanted = {"type": SOURCE["type"], "uid": SOURCE["uid"]}
    for dashboard in DASHBOARDS.values():
        sources = [variable["datasource"] for variable in dashboard["templating"]["list"]]
        sources += [each["datasource"] for each in dashboard["annotations"]["list"]]
        for panel in panels(dashboard):
            sources += [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(source == wanted for source in sources)
    assert SOURCE["jsonData"] | {"version": "Flux", "organization": "hems", "defaultBucket": RAW} == SOURCE["jsonData"]
    assert f"{RAW}_15m" == QUARTERS, "the variable `bucket` puts the name together"


def test_every_variable_is_a_query_that_is_asked_again_when_the_range_changes():
    for name, dashboard in DASHBOARDS.items():
        variables = dashboard["templating"]["list"]
        names = [variable["name"] for variable in variables]
        assert names[:2] == ["bucket", "home"], "each may only use those before it"
        assert len(set(names)) == len(names)
        for variable in variables:
            assert (variable["type"], variable["refresh"]) == ("query", 2)
            several = variable["name"] != "bucket"
            assert (variable["multi"], variable["includeAll"]) == (several, several)
            assert variable["hide"] == (0 if several else 2)
            used = set(re.findall(r"\$\{(\w+)", variable["query"]["query"]))
            assert used <= set(names[: names.index(variable["name"])]), (name, variable["name"])
    assert {"home", "site", "asset", "metric"} <= {
        each["name"] for each in DASHBOARDS["overview"]["templating"]["list"]
    }


@pytest.mark.parametrize(("name", "what", "query"), ASKED, ids=[f"{name}: {what}" for name, what, _ in ASKED])
def test_no_query_is_without_a_range_a_home_and_a_bucket(name, what, query):
    if what in {"variable bucket", "variable home"}:
        return
    asked = max(query.count("from("), query.count("schema."))
    assert asked
    assert query.count("range(") + query.count("start: v.timeRangeStart, stop: v.timeRangeStop)") >= asked
    assert query.count("r.home =~ /^${home:regex}$/") == asked
    assert query.count('bucket: "${bucket}"') + query.count("bucket: v.defaultBucket") == asked
    variables = {each["name"] for each in DASHBOARDS[name]["templating"]["list"]}
    assert set(re.findall(r"\$\{(\w+)", query)) <= variables | {"__timezone"}


@pytest.mark.parametrize(("name", "what", "query"), ASKED, ids=[f"{name}: {what}" for name, what, _ in ASKED])
def test_what_a_query_names_is_what_the_agent_writes(name, what, query):
    measurements = set(re.findall(r'r\._measurement == "([^"]*)"', query))
    assert measurements <= set(SCHEMA)
    tags = set().union(*(SCHEMA[each][0] for each in measurements or SCHEMA))
    fields = set().union(*(SCHEMA[each][1] for each in measurements or SCHEMA))
    assert set(re.findall(r'r\._field == "([^"]*)"', query)) <= fields
    columns = set(re.findall(r"\br\.(\w+)", query))
    assert columns - MADE_BY_QUERIES - tags <= ({"name"} if "buckets()" in query else set())
    assert set(re.findall(r'tag: "(\w+)"', query)) <= tags
    kinds = set(re.findall(r'r\.kind [!=]= "([^"]*)"', query))
    assert kinds <= set(KINDS)


def test_all_homes_are_a_pattern_for_the_fleet_and_a_list_where_legends_name_them():
    """A thousand names would not fit into a query; a single one is not repeated in every legend."""
    for name, dashboard in DASHBOARDS.items():
        home = dashboard["templating"]["list"][1]
        assert home.get("allValue") == (".*" if name == "fleet" else None)
        named = [query for _, query in queries(dashboard) if "${home:csv}" in query]
        assert not named or name != "fleet"


def test_repeated_panels_are_repeated_by_what_finds_itself():
    repeated = {(name, panel["repeat"]) for name, panel in EVERY if "repeat" in panel}
    assert repeated == {("overview", "asset"), ("overview", "metric"), ("plan", "asset")}
    for _, panel in EVERY:
        if "repeat" in panel:
            assert f"${panel['repeat']}" in panel["title"]
            assert all(f"${{{panel['repeat']}:regex}}" in target["query"] for target in panel["targets"])


def test_a_measurement_is_shown_in_its_unit():
    (panel,) = [panel for _, panel in EVERY if panel.get("repeat") == "metric"]
    shown = {}
    for rule in panel["fieldConfig"]["overrides"]:
        pattern = re.compile(rule["matcher"]["options"].strip("/"))
        shown |= {name: rule["properties"][0]["value"] for name in QUANTITIES if pattern.search(f"battery {name}")}
    wanted = {"kW": "kwatt", "kWh": "kwatth", "%": "percent", "°C": "celsius", "V": "volt", "A": "amp", "Hz": "hertz"}
    for quantity in QUANTITIES.values():
        if quantity.unit in wanted:
            assert shown[quantity.name] == wanted[quantity.unit], quantity.name
        if "currency" in quantity.unit:
            assert quantity.name not in shown, "a number: which currency, only the panels of money ask"


MONEY = {
    ("overview", "Cost today"): "",
    ("overview", "Saving today"): "",
    ("overview", "Prices"): "/kWh",
    ("energy", "Cost"): "",
    ("energy", "Saving"): "",
    ("energy", "Money by day"): "",
    ("forecasts", "Prices"): "/kWh",
    ("forecasts", "Price, a day ahead: mean error"): "/kWh",
    ("forecasts", "Price, a day ahead: bias"): "/kWh",
    ("fleet", "Saving today"): "",
}


def test_money_has_the_unit_that_its_last_query_finds():
    """Grafana takes a unit from a query (`configFromData`), but puts no variable into one."""
    found = {}
    for name, panel in EVERY:
        for change in panel["transformations"]:
            if change["id"] == "configFromData":
                assert change["options"]["mappings"] == [{"fieldName": "unit", "handlerKey": "unit"}]
                assert change["options"]["configRefId"] == panel["targets"][-1]["refId"]
                unit = re.search(r'r\.unit \+ "(.*?)"', panel["targets"][-1]["query"])
                found[name, panel["title"]] = unit[1]
    assert found == MONEY


def test_whatever_asks_for_money_shows_a_currency():
    asks = re.compile(r'"(cost_today|saving_today|import_price_per_kwh|export_price_per_kwh|price|export_price)"')
    for name, panel in EVERY:
        if any(asks.search(target["query"]) for target in panel["targets"]):
            assert (name, panel["title"]) in {*MONEY, ("fleet", "Homes")}


def test_a_kind_has_the_colour_of_the_cards_in_home_assistant():
    text = (ROOT / "frontend/src/colors.ts").read_text("utf-8")
    cards = dict(re.findall(r'(\w+): \{ light: "(#\w+)"', text))
    (panel,) = [panel for name, panel in EVERY if (name, panel["title"]) == ("overview", "Power by kind")]
    shown = {
        rule["matcher"]["options"]: rule["properties"][0]["value"]["fixedColor"]
        for rule in panel["fieldConfig"]["overrides"]
    }
    assert set(shown) <= {*KINDS, "ev_charger"}
    aliases = {"grid": "grid_import", "ev": "ev_charger"}
    assert {kind: color for kind, color in shown.items() if cards[aliases.get(kind, kind)] != color} == {}


INVENTORY = {
    "generation": ("overview", "Generation"),
    "load": ("overview", "Household"),
    "state of charge": ("overview", "State of charge"),
    "state of health": ("energy", "State of health"),
    "cost": ("energy", "Cost"),
    "health alerts": ("health", "Alerts"),
    "services": ("health", "Services"),
    "anomalies of feeds": ("health", "Gaps"),
    "silent feeds": ("health", "Silent feeds"),
    "recommendation against actual dispatch": ("plan", "$asset"),
    "forecast against real load": ("forecasts", "Household load"),
    "forecast against real sun": ("forecasts", "Sun"),
    "financial figures": ("energy", "Money by day"),
    "saving": ("energy", "Saving"),
    "state of health beside alerts": ("health", "State of health"),
    "temperature of devices": ("health", "Temperatures"),
    "voltage": ("health", "Voltages"),
    "current": ("health", "Currents"),
    "error of the load a day ahead": ("forecasts", "Load, a day ahead: mean error"),
    "error of the sun a day ahead": ("forecasts", "Sun, a day ahead: mean error"),
    "error of the price a day ahead": ("forecasts", "Price, a day ahead: mean error"),
    "own use": ("energy", "Own use"),
    "independence": ("energy", "Independence"),
    "peak": ("energy", "Peak"),
    "cycles": ("energy", "Cycles"),
    "queue": ("health", "Queue of the home"),
    "replication": ("health", "Queue to the fleet"),
    "lag": ("health", "Lag"),
    "lost points": ("health", "Lost points"),
    "engine": ("health", "Engine"),
    "solve time": ("health", "Time of a plan"),
    "plans": ("health", "Plans"),
    "homes": ("fleet", "Homes"),
    "silent homes": ("fleet", "Silent homes"),
    "worst lag": ("fleet", "Worst lag"),
    "total power": ("fleet", "Power by kind"),
    "distribution of charge": ("fleet", "State of charge"),
}


@pytest.mark.parametrize("question", INVENTORY)
def test_there_is_a_panel_for(question):
    name, title = INVENTORY[question]
    assert title in {panel["title"] for panel in panels(DASHBOARDS[name])}
