"""What one home, a thousand and a million of them ask for, computed from assumptions that are written down.

    scripts/workload [--write]

Prints the tables of docs/workload.md; --write puts them there. Figures that were measured are in MEASURED, with where
they come from; everything else here is arithmetic on assumptions. Only the standard library.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
import re
import sys

PAGE = Path(__file__).resolve().parents[1] / "docs" / "workload.md"
MARKS = re.compile(r"<!-- (?P<name>[a-z]+) -->\n.*?<!-- end -->\n", re.DOTALL)
DAY_S = 86_400
YEAR_H = 8_766
GOAL_PERCENT = 99.95
HOMES = (1, 1_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that the rest follows from."""

    name: str
    value: float
    unit: str
    source: str


ASSUMED = {
    "assets": Figure("Assets of the home, a large one", 10, "", "the home `whole-home-48h` of `scripts/bench solve`"),
    "others": Figure("Other sources: grid, load, site", 3, "", "what HEMS publishes beside its assets"),
    "telemetry_s": Figure("Between two measurements of an asset", 10, "s", "default of **Measurements every**"),
    "plan_s": Figure("Between two plans", 300, "s", "default; events make some more"),
    "slots": Figure("Slots of a plan", 100, "", "the same home"),
    "forecast_points": Figure("Points of the forecast a day ahead, an hour", 4, "", "fixed: a quarter of an hour each"),
    "status_s": Figure("Between two messages of the home's state", 60, "s", "fixed"),
    "feeds_s": Figure("Between two points about each feed", 60, "s", "fixed"),
    "stack_s": Figure("Between two rounds of points about the stack", 30, "s", "fixed"),
    "stack_points": Figure("Points of such a round: six services, agent, copy", 8, "", "fixed"),
    "flush_s": Figure(
        "Between two writes to the card by the agent", 10, "s", "measurements come together; batches wait"
    ),
    "packet_bytes": Figure("TCP, IP and TLS around a message and its answer", 100, "B", "a guess"),
    "rewrites": Figure(
        "Times that a quarter of an hour is written", 6, "", "four quarters each quarter, two days a day"
    ),
}
MEASURED = {
    "message_bytes": Figure("MQTT message of one asset", 222, "B", "the encoder, values with all their digits"),
    "topic_bytes": Figure("Its topic", 42, "B", "the same"),
    "plan_bytes": Figure("MQTT message of a plan", 14_174, "B", "a plan of that home, solved"),
    "point_bytes": Figure(
        "A point in the agent's queue and to InfluxDB", 73, "B", "the agent, compressed, ten seconds each"
    ),
    "plan_point_bytes": Figure("A point of a plan, the same", 6.5, "B", "the same; plans compress well"),
    "flush_bytes": Figure(
        "Written to ext4 for one such write", 8_847, "B", "`write_bytes` of 300 writes: queue and cursor"
    ),
    "value_bytes": Figure("A replicated value", 10, "B", "one value a line, gzip; without HTTP and TLS"),
    "replicated_values": Figure(
        "Values of a quarter of an hour", 159, "", "counted: the fields of all that is downsampled"
    ),
    "plan_cpu_s": Figure("CPU of a plan, median", 0.123, "s", "[benchmarks](benchmarks.md#solving), an EPYC core"),
    "plan_cpu_p99_s": Figure("CPU of a plan, p99", 0.75, "s", "the same"),
    "ask_bytes": Figure(
        "Question and plan between HEMS and engine", 27_000, "B", "[engine](engine.md#measured), 7 assets"
    ),
}
SHARD_MESSAGES_S = 20_000
"""Of one broker of the fleet; an assumption to size by."""
SHARD_VALUES_S = 100_000
"""Of one InfluxDB of the fleet; the same."""
SHARD_CONNECTIONS = 50_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A way in which nobody commands the home's devices."""

    name: str
    per_year: float
    hours: float
    source: str


FAILURES = (
    Failure("The engine or its worker dies", 12, 0.0, "0: a plan is valid for 15 min; back in 1 to 5 s, measured"),
    Failure(
        "The agent, InfluxDB, Grafana, MQTT or the internet fails",
        24,
        0.0,
        "0: none commands devices (but for those that you attach by MQTT)",
    ),
    Failure("Home Assistant dies and is started again", 6, 0.05, "3 min on a Pi: assumed"),
    Failure(
        "Home Assistant hangs: 5 min of silence, 2 min to end, a start",
        1,
        0.17,
        "the first two in the code, 3 min on a Pi assumed",
    ),
    Failure("Update of the stack, once a month", 12, 0.05, "3 min: assumed; the download goes on before"),
    Failure("Update of balenaOS with a restart", 4, 0.10, "6 min: assumed"),
    Failure("Start after a power cut (the cut itself does not count)", 2, 0.10, "6 min: assumed"),
    Failure("SD card fails, a new one is flashed and sent", 0.02, 72, "one in 50 homes a year, 3 days: assumed"),
    Failure("Board or power supply fails, the same", 0.03, 72, "one in 33 homes a year, 3 days: assumed"),
)


def workload() -> dict[str, float]:
    """Of one home. Points are InfluxDB's: a source and a time, with all its quantities."""
    the = {name: figure.value for name, figure in (ASSUMED | MEASURED).items()}
    sources = the["assets"] + the["others"]
    telemetry_s = sources / the["telemetry_s"]
    plan_points = the["slots"] * (the["assets"] + 1)
    small_points_s = (
        telemetry_s + the["forecast_points"] / 3600 + sources / the["feeds_s"] + the["stack_points"] / the["stack_s"]
    )
    per_message = the["message_bytes"] + the["topic_bytes"] + the["packet_bytes"]
    plan_bytes = the["plan_bytes"] + the["packet_bytes"]
    bridge_s = telemetry_s + 1 / the["plan_s"] + 1 / the["status_s"]
    bridge_bytes_s = (telemetry_s + 1 / the["status_s"]) * per_message + plan_bytes / the["plan_s"]
    values_s = the["replicated_values"] * the["rewrites"] / 900
    return {
        "points_s": small_points_s + plan_points / the["plan_s"],
        "messages_s": bridge_s,
        "mqtt_bytes_day": bridge_bytes_s * DAY_S,
        "lines_bytes_day": DAY_S
        * (small_points_s * the["point_bytes"] + plan_points / the["plan_s"] * the["plan_point_bytes"]),
        "agent_card_bytes_day": the["flush_bytes"] * DAY_S / the["flush_s"],
        "plans_s": 1 / the["plan_s"],
        "plan_cpu": the["plan_cpu_s"] / the["plan_s"],
        "plan_cpu_p99": the["plan_cpu_p99_s"] / the["plan_s"],
        "ask_bytes_day": the["ask_bytes"] * DAY_S / the["plan_s"],
        "replicated_values_s": values_s,
        "replicated_bytes_day": values_s * the["value_bytes"] * DAY_S,
        "connections": 1.0,
    }


def unavailable_h() -> float:
    """Hours a year in which nobody commands the devices, by the table of failures."""
    return sum(failure.per_year * failure.hours for failure in FAILURES)


def availability_percent(hours: float) -> float:
    """Of a year."""
    return 100.0 * (1.0 - hours / YEAR_H)


def assumed() -> Iterator[str]:
    """What the rest follows from: defaults, and guesses."""
    yield from _listed(ASSUMED)


def measured() -> Iterator[str]:
    """Sizes and times that were measured or counted."""
    yield from _listed(MEASURED)


def _listed(table: Mapping[str, Figure]) -> Iterator[str]:
    yield "| | | where from |\n|---|---:|---|"
    for figure in table.values():
        yield f"| {figure.name} | {_number(figure.value)} {figure.unit}".rstrip() + f" | {figure.source} |"


def homes() -> Iterator[str]:
    """One home, a thousand and a million."""
    one = workload()
    rows: tuple[tuple[str, str, bool], ...] = (
        ("points into the home's own InfluxDB, a second", "points_s", False),
        ("plans, a second", "plans_s", False),
        ("CPU for plans, cores (median)", "plan_cpu", False),
        ("CPU for plans, cores (if every plan were the slowest of 100)", "plan_cpu_p99", False),
        ("between HEMS and engine, a day", "ask_bytes_day", True),
        ("written to the card by the agent's queue, a day", "agent_card_bytes_day", True),
        ("to the home's InfluxDB, compressed, a day", "lines_bytes_day", True),
        ("**to the fleet by MQTT**: connections", "connections", False),
        ("messages, a second", "messages_s", False),
        ("bytes, a day", "mqtt_bytes_day", True),
        ("**to the fleet by replication** (`hems_15m`): values, a second", "replicated_values_s", False),
        ("bytes, a day", "replicated_bytes_day", True),
    )
    yield "| | " + " | ".join(f"{count:,} home{'s' if count > 1 else ''}".replace(",", " ") for count in HOMES) + " |"
    yield "|---|" + "---:|" * len(HOMES)
    for title, key, is_bytes in rows:
        told = (_bytes(one[key] * count) if is_bytes else _number(one[key] * count) for count in HOMES)
        yield f"| {title} | {' | '.join(told)} |"


def shards() -> Iterator[str]:
    """Servers of the fleet for a million homes, if one serves what is assumed of it."""
    one, count = workload(), HOMES[-1]
    needs = (
        ("brokers, by messages", one["messages_s"] * count, SHARD_MESSAGES_S, "messages/s"),
        ("brokers, by connections", float(count), SHARD_CONNECTIONS, "connections"),
        ("InfluxDB servers", one["replicated_values_s"] * count, SHARD_VALUES_S, "values/s"),
    )
    yield "| for 1 000 000 homes | needed | assumed of one | servers |\n|---|---:|---:|---:|"
    for name, needed, each, unit in needs:
        yield f"| {name} | {_number(needed)} {unit} | {_number(each)} | {-int(-needed // each)} |"


def availability() -> Iterator[str]:
    """Hours a year, and what becomes of them if a broken device is replaced sooner."""
    yield "| what | a year | hours each | hours a year | where from |\n|---|---:|---:|---:|---|"
    for one in FAILURES:
        yield f"| {one.name} | {one.per_year:g} | {one.hours:g} | {one.per_year * one.hours:.2f} | {one.source} |"
    hours = unavailable_h()
    yield f"| **together** | | | **{hours:.2f}** | **{availability_percent(hours):.3f} %** |"
    replaced = sum(failure.per_year for failure in FAILURES if failure.hours >= 24)
    allowed_h = YEAR_H * (1 - GOAL_PERCENT / 100)
    within_h = (allowed_h - (hours - replaced * 72)) / replaced
    met = f"met if broken hardware is replaced within {within_h:.0f} h"
    yield f"| {GOAL_PERCENT} % allows | | | {allowed_h:.2f} | {met} |"


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "assumed": assumed,
    "measured": measured,
    "homes": homes,
    "shards": shards,
    "availability": availability,
}


def with_tables(page: str) -> str:
    """The page with every table as it should be."""

    def table(found: re.Match[str]) -> str:
        return f"<!-- {found['name']} -->\n" + "\n".join(TABLES[found["name"]]()) + "\n<!-- end -->\n"

    return MARKS.sub(table, page)


def _number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value == 0:
        return "0"
    if value >= 1000:
        digits = max(0, len(str(int(value))) - 3)
        return f"{round(value, -digits):,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _bytes(value: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"


def main(arguments: list[str]) -> int:
    """Print the tables, or write them into the page."""
    if arguments == ["--write"]:
        PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
    elif not arguments:
        for make in TABLES.values():
            print("\n".join(make()) + "\n")
    else:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
