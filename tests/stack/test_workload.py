"""docs/workload.md: its tables are what the script computes, and what the script assumes is what the code does."""

from datetime import UTC, datetime, timedelta
import gzip
from pathlib import Path
from random import Random
import sys

from hems_agent import rounds
from hems_agent.ingest import IngestOptions
from hems_agent.intake import Intake
from hems_agent.plans import forecast_lines
from hems_agent.records import packed
from hems_agent.writer import WriterOptions
from hems_core.exchange import Telemetry, Topics, encode
import pytest

from bench.solve.cases import whole_home_48h
from custom_components.hems.coordinator import RHYTHM_S
from custom_components.hems.home import DEFAULT_INTERVAL_S
from custom_components.hems.mqtt_link import STATUS_EVERY
from tests.stack.recorded_home import a_plan

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

import _workload  # noqa: E402

HOME = "h-3f9c2a7d51e04b86"
TOPICS = Topics(HOME)
BATTERY = ("battery", "power_kw setpoint_kw energy_kwh soc_percent imported_kwh exported_kwh")
CAR = ("ev", "power_kw setpoint_kw energy_kwh soc_percent connected imported_kwh")
APPLIANCE = ("appliance", "power_kw setpoint_kw running imported_kwh")
# What HEMS says of the home `whole-home-48h` (told_over_mqtt.py).
SAID = {
    "grid": ("grid", "power_kw imported_kwh exported_kwh"),
    "load": ("load", "power_kw imported_kwh"),
    "site": ("site", "outdoor_degc import_price_per_kwh export_price_per_kwh cost_today saving_today"),
    "pv": ("pv", "power_kw exported_kwh"),
    "battery": BATTERY,
    "second_battery": BATTERY,
    "car": CAR,
    "second_car": CAR,
    "heat_pump": ("heat_pump", "power_kw setpoint_kw temperature_degc imported_kwh"),
    "hot_water": ("hot_water", "power_kw setpoint_kw temperature_degc imported_kwh"),
    "dishwasher": APPLIANCE,
    "washing_machine": APPLIANCE,
    "dryer": APPLIANCE,
}


class Reading:
    """Values that change a little, with all the digits that a division leaves."""

    def __init__(self) -> None:
        self.rng, self.values = Random(1), {}

    def of(self, asset: str, quantity: str) -> float:
        if quantity in {"connected", "running"}:
            return 1.0
        if "price" in quantity:
            return 0.3127
        is_counter = quantity.endswith("kwh")
        before = self.values.get((asset, quantity), self.rng.uniform(10, 4000) if is_counter else 2.0)
        self.values[asset, quantity] = before + (
            self.rng.uniform(0, 0.005) if is_counter else self.rng.uniform(-0.05, 0.05)
        )
        return self.values[asset, quantity]


def an_hour() -> tuple[list[tuple[str, bytes]], list[bytes]]:
    """Messages, and the lines that the agent makes of each ten seconds."""
    reading, intake = Reading(), Intake(HOME, lambda asset, time_ms: None)
    messages, batches = [], []
    for second in range(0, 3600, 10):
        at = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(seconds=second, microseconds=123_456)
        for asset, (kind, names) in SAID.items():
            values = {name: reading.of(asset, name) for name in names.split()}
            message = encode(Telemetry(time=at, site="home", kind=kind, values=values))
            messages.append((TOPICS.telemetry(asset), message))
            intake.take(TOPICS.telemetry(asset), message, int(at.timestamp() * 1000))
        batches.append("".join(intake.lines).encode())
        intake.lines = []
    return messages, batches


def test_the_tables_of_the_page_are_what_the_script_computes():
    page = _workload.PAGE.read_text("utf-8")
    assert page == _workload.with_tables(page), "run scripts/workload --write"
    assert {found["name"] for found in _workload.MARKS.finditer(page)} == set(_workload.TABLES)


def test_the_home_is_the_one_that_is_solved_in_the_benchmarks():
    request = whole_home_48h(0)
    assert len(request.site.assets) == _workload.ASSUMED["assets"].value
    assert request.horizon.steps == _workload.ASSUMED["slots"].value
    assert {asset.name for asset in request.site.assets} == SAID.keys() - {"grid", "load", "site"}
    assert len(SAID) == _workload.ASSUMED["assets"].value + _workload.ASSUMED["others"].value


def test_the_rhythms_are_those_of_the_code():
    told = {name: figure.value for name, figure in _workload.ASSUMED.items() if name.endswith("_s")}
    ingest = IngestOptions(home=HOME, host="127.0.0.1")
    assert told == {
        "telemetry_s": DEFAULT_INTERVAL_S,
        "plan_s": RHYTHM_S,
        "status_s": STATUS_EVERY.total_seconds(),
        "feeds_s": ingest.feed_points_s,
        "stack_s": rounds.TELL_EVERY_S,
        "flush_s": WriterOptions(rejects=Path()).batch_s,
    }


def test_an_hour_is_forecast_by_as_many_points_as_is_said():
    lines = forecast_lines(HOME, a_plan(datetime(2026, 11, 21, 12, tzinfo=UTC), 48))
    assert len(lines) == _workload.ASSUMED["forecast_points"].value


def test_messages_and_points_are_as_large_as_is_said():
    messages, batches = an_hour()
    topics, payloads = zip(*messages, strict=True)
    points = len(messages)
    found = {
        "message_bytes": sum(map(len, payloads)) / points,
        "topic_bytes": sum(map(len, topics)) / points,
        "point_bytes": sum(len(packed(lines, len(SAID), 0)) for lines in batches) / points,
    }
    assert found == pytest.approx({name: _workload.MEASURED[name].value for name in found}, rel=0.05)
    # What goes to InfluxDB is compressed in the same way, in a batch of its own.
    sent = sum(len(gzip.compress(lines, 1)) for lines in batches) / points
    assert sent == pytest.approx(_workload.MEASURED["point_bytes"].value, rel=0.1)


def test_the_model_of_availability_adds_up():
    hours = sum(failure.per_year * failure.hours for failure in _workload.FAILURES)
    assert _workload.unavailable_h() == pytest.approx(hours)
    assert _workload.availability_percent(0.0005 * _workload.YEAR_H) == pytest.approx(99.95)
    assert _workload.availability_percent(hours) < _workload.GOAL_PERCENT, "the page says that it is not met"


def test_a_thousand_homes_are_a_thousand_times_one():
    rows = [row.split("|")[2:5] for row in _workload.homes() if "plans, a second" in row]
    assert [float(cell.replace(" ", "")) for cell in rows[0]] == pytest.approx(
        [1 / 300, 1000 / 300, 1e6 / 300], rel=0.01
    )
