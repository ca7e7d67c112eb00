"""The queries of the dashboards: valid for InfluxData's own type checker, and run on what the agent records.

What runs them here is our own (flux_run), so InfluxDB has the last word, in CI.
"""

from datetime import timedelta
from functools import cache

import pytest

from tests.stack.flux_queries import DASHBOARDS, START, STOP, filled, panels, parsed, queries, tree
from tests.stack.flux_run import SECOND_NS, Run, Table
from tests.stack.recorded_home import NOW, bucket, measured, recorded

ASKED = [(name, what, query) for name, dashboard in DASHBOARDS.items() for what, query in queries(dashboard)]
ALL = {"home": ["h-1"]}


@cache
def two_homes():
    """One speaks until now, the other fell silent two hours ago."""
    return bucket(*recorded("h-1"), *recorded("h-2", NOW - timedelta(hours=2)))


def found(query, chosen=None, points=None, **more) -> list[Table]:
    buckets = {"hems": points or two_homes(), "hems_15m": bucket()}
    run = Run(buckets, round(NOW.timestamp()) * SECOND_NS)
    return run.result(tree(filled(query, ALL if chosen is None else chosen, **more)))


def asked(dashboard: str, panel: str, number: int = 0, kind: str = "") -> str:
    return targets(dashboard, panel, kind)[number]


def targets(dashboard: str, panel: str, kind: str = "") -> list[str]:
    wanted = [each for each in panels(DASHBOARDS[dashboard]) if each["title"] == panel and kind in each["type"]]
    assert len(wanted) == 1
    return [target["query"] for target in wanted[0]["targets"]]


def only(query, chosen=None, **more) -> float:
    """The last number of the only series."""
    (table,) = found(query, chosen, **more)
    return table.rows[-1]["_value"]


def variable(dashboard: str, name: str) -> str:
    (one,) = [each for each in DASHBOARDS[dashboard]["templating"]["list"] if each["name"] == name]
    return one["query"]["query"]


def values(dashboard: str, name: str, points, chosen=None) -> list[str]:
    return [row["_value"] for table in found(variable(dashboard, name), chosen or {}, points) for row in table.rows]


@pytest.mark.parametrize("chosen", [None, {"home": ["h-1"], "asset": ["battery", "car"], "metric": ["power_kw"]}])
@pytest.mark.parametrize("window", ["10s", "5m0s", "8h45m36s"])
def test_every_query_is_valid_flux_whatever_is_chosen(chosen, window):
    texts = [filled(query, chosen, window=window) for _, _, query in ASKED]
    checked = parsed(texts)
    assert [(*ASKED[number][:2], texts[number]) for number, each in enumerate(checked) if not each["valid"]] == []


def test_the_type_checker_finds_what_is_wrong():
    wrong = ["from(bucket: 1)", 'from(bucket: "x") |> rnge(start: -1h)', 'from(bucket: "x") |> range(']
    assert not any(each["valid"] for each in parsed(wrong))


@pytest.mark.parametrize(("dashboard", "what", "query"), ASKED, ids=[f"{name}: {what}" for name, what, _ in ASKED])
def test_every_query_finds_something_in_what_the_agent_records(dashboard, what, query):
    tables = found(query, {})
    assert tables
    if "windowPeriod" in query:
        assert all({"_time", "_value"} <= row.keys() for table in tables for row in table.rows), "a series over time"
        times = [[row["_time"] for row in table.rows] for table in tables]
        assert all(len(set(each)) == len(each) for each in times), "one value at a time"


def test_a_new_home_asset_and_measurement_appear_by_themselves():
    before = bucket(*measured("h-1", NOW - timedelta(hours=1)))
    more = f"telemetry,home=h-9,site=barn,asset=pump,kind=heat_pump flow_l_min=9.5 {round(NOW.timestamp() * 1000) - 1}"
    after = bucket(*measured("h-1", NOW - timedelta(hours=1)), more)
    for name, new in (("home", "h-9"), ("site", "barn"), ("asset", "pump"), ("metric", "flow_l_min")):
        assert new not in values("overview", name, before)
        assert set(values("overview", name, after)) - set(values("overview", name, before)) == {new}
    assert values("overview", "asset", after, {"home": ["h-9"]}) == ["pump"]
    assert values("overview", "metric", after, {"home": ["h-9"]}) == ["flow_l_min"]


@pytest.mark.parametrize(
    ("start", "stop", "wanted"),
    [
        (START, STOP, "hems"),
        ("2026-11-19T12:00:00Z", STOP, "hems"),
        ("2026-11-19T11:59:00Z", STOP, "hems_15m"),
        ("2026-10-01T00:00:00Z", "2026-10-01T06:00:00Z", "hems_15m"),
    ],
)
def test_long_and_old_ranges_are_read_from_the_quarters(start, stop, wanted):
    (table,) = found(variable("overview", "bucket"), start=start, stop=stop)
    assert table.rows == [{"_value": wanted}]


def test_a_database_without_quarters_is_read_as_it_is():
    run = Run({"hems": bucket()}, 0)
    (table,) = run.result(tree(filled(variable("fleet", "bucket"), start="2026-01-01T00:00:00Z")))
    assert table.rows == [{"_value": "hems"}]


def test_powers_are_added_up_with_their_signs():
    at_noon = {"start": "2026-11-21T11:00:00Z"}
    assert only(asked("overview", "Grid"), **at_noon) == pytest.approx(-1.0, abs=0.05)
    assert only(asked("overview", "Generation"), **at_noon) == pytest.approx(2.0, abs=0.05)
    both = only(asked("overview", "Household"), {}, start="2026-11-21T09:00:00Z", stop="2026-11-21T10:00:00Z")
    assert both == pytest.approx(2.0)
    kinds = {table.rows[0]["_field"] for table in found(asked("overview", "Power by kind"))}
    assert kinds == {"grid", "load", "pv", "battery", "ev"}


def test_a_legend_names_the_home_only_where_several_are_chosen():
    query = asked("overview", "State of charge")
    assert {table.rows[0]["_field"] for table in found(query)} == {"battery", "car"}
    assert {table.rows[0]["_field"] for table in found(query, {})} == {
        "battery h-1", "car h-1", "battery h-2", "car h-2",
    }  # fmt: skip


def test_energies_are_how_much_the_counters_grew():
    assert only(asked("energy", "Used")) == pytest.approx(24.0, rel=0.01)
    assert only(asked("energy", "Bought")) == pytest.approx(12.0, rel=0.01)
    assert only(asked("energy", "Own use")) == pytest.approx(100 * (0.6 - 0.1) / 0.6, rel=0.01)
    assert only(asked("energy", "Independence")) == pytest.approx(100 * 0.6 / (0.6 + 0.5), rel=0.01)
    days = found(asked("energy", "Energy by day", 2))[0].rows
    assert [row["_value"] for row in days] == pytest.approx([0.5 * 11, 0.5 * 13], abs=0.1), "days of Berlin"


def test_a_counter_that_begins_again_loses_one_step_only():
    at_ms = round(NOW.timestamp() * 1000) - 3_600_000
    tags = "telemetry,home=h-1,site=home,asset=grid,kind=grid"
    points = bucket(*(f"{tags} imported_kwh={value} {at_ms + n}\n" for n, value in enumerate((10.0, 12.0, 0.0, 3.0))))
    assert only(asked("energy", "Bought"), points=points) == 5.0


def test_money_is_that_of_each_local_day():
    (table,) = found(asked("energy", "Cost"))
    # The counter of the sample begins at midnight UTC, an hour after Berlin's: each day's last value counts.
    assert [row["_value"] for row in table.rows] == pytest.approx([2.29, 1.19], abs=0.02)


def test_errors_of_forecasts_are_forecast_minus_real():
    (errors,) = found(asked("forecasts", "Load: bias"))
    assert {row["_value"] for row in errors.rows} == {-0.5}
    (sizes,) = found(asked("forecasts", "Load: mean error"))
    assert {row["_value"] for row in sizes.rows} == {0.5}
    assert len(errors.rows) == 96, "where both are known: not in the future"
    assert len(found(asked("forecasts", "Load: bias"), window="1h0m0s")[0].rows) == 24


def test_errors_of_a_day_ahead_are_those_of_what_was_expected_then():
    for panel, wanted in (("bias", 0.2), ("mean error", 0.2)):
        (errors,) = found(asked("forecasts", f"Load, a day ahead: {panel}"))
        assert [row["_value"] for row in errors.rows] == pytest.approx([wanted] * 24), "an hour each"
    (errors,) = found(asked("forecasts", "Sun, a day ahead: bias"))
    assert errors.rows[0]["_value"] == pytest.approx(1.5 - 2.0, abs=0.1), "at noon"
    (errors,) = found(asked("forecasts", "Price, a day ahead: mean error"))
    assert {row["_value"] for row in errors.rows} == {0.0}
    (ahead,) = found(asked("forecasts", "Household load", 1), stop="2026-11-22T13:00:00Z")
    assert len(ahead.rows) == 4 * 49, "a day behind, a day ahead and the hour after it"


def test_prices_of_several_sites_are_not_added_up():
    at_ms = round(NOW.timestamp() * 1000) - 3_600_000
    both = [
        f"{measurement},home=h-1,site={site},asset=site,kind=site {field}={value} {at_ms}\n"
        for site in ("home", "barn")
        for measurement, field, value in (("forecast", "price", 0.5), ("telemetry", "import_price_per_kwh", 0.25))
    ]
    assert only(asked("forecasts", "Price, a day ahead: bias"), points=bucket(*both)) == 0.25


def test_the_unit_of_money_is_the_currency_of_the_home():
    unit = targets("energy", "Cost")[-1]
    assert found(unit)[0].rows == [{"unit": "suffix:EUR"}]
    assert found(targets("overview", "Prices")[-1])[0].rows == [{"unit": "suffix:EUR/kWh"}]
    assert len(found(unit, {})) == 1, "of two homes with the same"
    abroad = bucket(*recorded("h-1"), *recorded("h-2"), *recorded("h-3", currency="SEK"))
    assert found(unit, {"home": ["h-3"]}, abroad)[0].rows == [{"unit": "suffix:SEK"}]
    assert found(unit, {}, abroad)[0].rows == [{"unit": "suffix:of several currencies"}]
    assert found(unit, {}, bucket(*measured("h-1", NOW))) == [], "recorded by an older version: a plain number"


def test_devices_show_what_their_sensors_tell():
    assert only(asked("health", "State of health")) == 97.0
    (temperature,) = found(asked("health", "Temperatures"))
    assert (temperature.rows[-1]["_field"], temperature.rows[-1]["_value"]) == ("battery", 21.0)
    voltages = {table.rows[-1]["_field"]: table.rows[-1]["_value"] for table in found(asked("health", "Voltages"))}
    assert voltages == {"battery voltage_v": 51.0, "grid voltage_l1_v": 231.0}
    currents = {table.rows[-1]["_field"]: table.rows[-1]["_value"] for table in found(asked("health", "Currents"))}
    assert currents == {"battery current_a": -9.5, "grid current_l1_a": 2.0}


def test_the_plan_reaches_into_the_future():
    (table,) = found(asked("forecasts", "Household load"), stop="2026-11-22T12:00:00Z")
    assert table.rows[-1]["_time"] > NOW.timestamp() * SECOND_NS
    assert only(asked("health", "Planned ahead")) == pytest.approx(23.75)


def test_what_was_recommended_stands_beside_what_was_done():
    one = {"home": ["h-1"], "asset": ["battery"]}
    planned, commanded, done = (only(asked("plan", "$asset", number), one) for number in range(3))
    assert (planned, commanded, done) == (1.0, 0.5, 0.5)
    (table,) = found(asked("plan", "Deviation"), one)
    assert {(row["_field"], row["_value"]) for row in table.rows} == {("battery", 0.5)}


def test_events_are_listed_with_their_reasons_newest_first():
    (table,) = found(asked("plan", "Demand-response events"))
    assert [(row["id"], row["state"], row["reason"]) for row in table.rows] == [
        ("peak-1", "done", "of the fleet"),
        ("peak-1", "active", "of the fleet"),
    ]


def test_health_counts_what_is_wrong():
    assert only(asked("health", "Services down")) == 0.0
    assert only(asked("health", "Silent feeds")) == 1.0
    assert only(asked("health", "Last word of the agent")) == pytest.approx(600.0)
    assert found(asked("health", "Alerts", kind="table"))[0].rows[0]["alerts"] == "no data from meter"
    (feeds,) = found(asked("health", "Feeds"))
    assert [(row["asset"], row["silent"], row["gaps"]) for row in feeds.rows] == [
        ("meter", 1.0, 2.0), ("battery", 0.0, 2.0),
    ]  # fmt: skip


def test_the_fleet_has_a_row_for_each_home_and_knows_the_silent_one():
    assert only(asked("fleet", "Homes", kind="stat"), {}) == 2
    assert only(asked("fleet", "Silent homes", kind="stat"), {}) == 1.0
    rows: dict[str, dict[str, float]] = {}
    for query in targets("fleet", "Homes", "table"):
        (table,) = found(query, {})
        for row in table.rows:
            assert len(row) == 2, "the home, and one column"
            rows.setdefault(row["home"], {}).update(row)
    assert (rows["h-1"]["silent for"], rows["h-2"]["silent for"]) == pytest.approx((600.0, 7800.0))
    assert rows["h-1"]["generation"] == pytest.approx(2.0, abs=0.05)
    assert rows["h-1"]["state of charge"] == 40.0
    assert rows["h-1"]["currency"] == "EUR"
    assert rows["h-1"]["lag"] == 12.0, "the worse of recording and replication"
    (silent,) = found(asked("fleet", "Silent homes", kind="table"), {})
    assert [(row["home"], row["silent for"]) for row in silent.rows] == [("h-2", pytest.approx(7800.0))]
