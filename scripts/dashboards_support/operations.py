"""The dashboards of whoever looks after homes: health and feeds of one, and the fleet."""

from .boards import ALERT_STEPS, BATTERY, GRID, MONEY, PV
from .flux import MONTH, ages, by_asset, called, increase, latest, name_of, rows, tag_values, total, windows
from .grafana import (
    BAD,
    BUCKET,
    COLORS,
    GOOD,
    HOME,
    NO_LEGEND,
    WARN,
    Dashboard,
    Json,
    Panel,
    Row,
    Variable,
    lines,
    number,
    override,
    table,
)

UP = [{"type": "value", "options": {"0": {"text": "down", "color": BAD}, "1": {"text": "up", "color": GOOD}}}]
SILENT = [{"type": "value", "options": {"0": {"text": "no", "color": GOOD}, "1": {"text": "silent", "color": BAD}}}]
LAG_STEPS = ((None, GOOD), (300.0, WARN), (3600.0, BAD))
SILENT_AFTER_S = 2700.0
"""Three quarters of an hour: where only quarters are copied, a home speaks once a quarter."""
HEARTBEAT = rows("stack", "spool_points", within=MONTH)


def health() -> Dashboard:
    """Whether the stack is well, and what is lost on the way."""
    lost = ("dropped_points", "rejected_points", "failed_points")
    return Dashboard(
        uid="hems-health",
        title="HEMS · Health and feeds",
        says="Services, queues, replication and the sensors that have gone silent.",
        variables=(BUCKET, HOME, ASSET_OF_FEEDS),
        content=[
            number("Services down", "Of those that the agent looks at.", _services_down(), steps=ALERT_STEPS),
            number(
                "Alerts", "What somebody should look at; the words stand below.", _newest("alerts"), steps=ALERT_STEPS
            ),
            number(
                "Lost points",
                "Since the agent started: the queue was full, or the database refused them.",
                _newest(*lost),
                steps=ALERT_STEPS,
            ),
            number("Silent feeds", "Sensors that say nothing any more.", _silent_feeds(), steps=ALERT_STEPS),
            number(
                "Last word of the agent",
                "How long ago.",
                f"{ages(HEARTBEAT)}\n  |> max()",
                unit="s",
                steps=((None, GOOD), (300.0, WARN), (1800.0, BAD)),
            ),
            number(
                "Disk free",
                "The least of the chosen homes.",
                f"{rows('stack', 'disk_free_percent')}\n  |> last()\n  |> group()\n  |> min()",
                unit="percent",
                steps=((None, BAD), (10.0, WARN), (20.0, GOOD)),
                decimals=0,
            ),
            Panel(
                kind="state-timeline",
                title="Services",
                says="As the agent sees them; the worst of each stretch.",
                queries={"": called(f"{rows('stack', 'up')}\n{windows('min')}", name_of("service"))},
                width=16,
                height=9,
                mappings=UP,
                custom={"fillOpacity": 80, "lineWidth": 0},
                options={"showValue": "never", "mergeValues": True, "legend": NO_LEGEND},
            ),
            table("Alerts", "As the agent says them, the worst first.", {"alerts": _alerts()}, width=8, height=9),
            Row("Engine"),
            number(
                "Engine",
                "Whether it answers and can plan.",
                f"{rows('stack', 'up', ENGINE)}\n  |> last()\n  |> group()\n  |> min()",
                mappings=UP,
                width=4,
                height=6,
                steps=((None, BAD), (1.0, GOOD)),
            ),
            number(
                "Plans",
                "Over the range, by the engine.",
                increase(rows("stack", "plans")),
                width=4,
                height=6,
                decimals=0,
            ),
            number(
                "Planned ahead",
                "Time to the end of the plan in force: near zero, nobody plans.",
                _planned_ahead(),
                unit="h",
                decimals=1,
                width=4,
                height=6,
                steps=((None, BAD), (2.0, WARN), (12.0, GOOD)),
            ),
            lines(
                "Time of a plan",
                "From the request to its answer, and of the solver alone; means of the plans of each minute or so.",
                {
                    "plan": f"{rows('stack', 'plan_s')}\n  |> group()\n{windows('max')}",
                    "solver": f"{rows('stack', 'solve_s')}\n  |> group()\n{windows('max')}",
                },
                unit="s",
                width=12,
                height=6,
                colors={"plan": COLORS["grid"], "solver": WARN},
            ),
            Row("Queue and replication"),
            lines(
                "Queue of the home",
                "Points that wait on the disk for the home's own database.",
                _by_home("spool_points"),
                unit="short",
            ),
            lines(
                "Queue to the fleet",
                "What waits to be replicated.",
                _by_home("backlog_bytes", "queue_bytes"),
                unit="bytes",
            ),
            lines(
                "Lag",
                "Age of the oldest point that waits: in the agent, and for the fleet.",
                called(f"{rows('stack', 'lag_s')}\n{windows('max')}", name_of("service")),
                unit="s",
                steps=LAG_STEPS,
            ),
            lines("Lost", "Counted since the agent started.", _by_home(*lost, "refused_messages"), unit="short"),
            Row("Feeds"),
            table(
                "Feeds",
                "Age of the last message, the expected interval, the share that is missing, how often some"
                " were missing.",
                {"feeds": _feeds()},
                width=24,
                height=9,
                overrides=[
                    override("byName", "age_s", unit="s", displayName="age"),
                    override("byName", "interval_s", unit="s", displayName="every"),
                    override("byName", "loss_percent", unit="percent", displayName="loss"),
                    override("byName", "silent", mappings=SILENT, custom__cellOptions={"type": "color-text"}),
                ],
            ),
            lines(
                "Loss",
                "Share of messages that are missing, over an hour.",
                by_asset(rows("feeds", "loss_percent", asset=True)),
                unit="percent",
            ),
            lines(
                "Age",
                "Since the last message; a saw of the height of the interval is well.",
                by_asset(rows("feeds", "age_s", asset=True), "max"),
                unit="s",
            ),
            lines(
                "Gaps",
                "How often messages were missing, since the agent started.",
                by_asset(rows("feeds", "gaps", asset=True), "last"),
                unit="short",
                width=24,
            ),
            Row("Devices, where their sensors are bound"),
            lines("State of health", "Of the batteries.", _of_devices("soh_percent"), unit="percent"),
            lines(
                "Temperatures",
                "Of the cells of batteries, and of inverters.",
                _of_devices("temperature_degc", where='(r.kind == "battery" or r.kind == "inverter")'),
                unit="celsius",
            ),
            lines("Voltages", "Of devices, and of the phases of the connection.", _of_devices(*VOLTAGES), unit="volt"),
            lines("Currents", "The same, with the sign that each gives it.", _of_devices(*CURRENTS), unit="amp"),
        ],
    )


VOLTAGES, CURRENTS = (
    (f"{what}_{unit}", *(f"{what}_l{phase}_{unit}" for phase in (1, 2, 3)))
    for what, unit in (("voltage", "v"), ("current", "a"))
)
ENGINE = 'r.service == "engine"'
ASSET_OF_FEEDS = Variable(
    "asset", "Feed", tag_values("asset", 'r._measurement == "feeds"', "r.home =~ /^${home:regex}$/")
)


def fleet() -> Dashboard:
    """Many homes: one row each."""
    homes = Variable("home", "Home", tag_values("home", start="-30d"))
    sites = Variable("site", "Site", tag_values("site", "r.home =~ /^${home:regex}$/"))
    flags = f"map(fn: (r) => ({{_value: if r._value > {SILENT_AFTER_S} then 1.0 else 0.0}}))"
    down = rows("stack", "up") + "\n  |> map(fn: (r) => ({r with _value: 1.0 - r._value}))"
    power = rows("telemetry", "power_kw", GRID)
    columns = {
        "silent for": ages(HEARTBEAT).replace("_value:", '"silent for":'),
        "lag": latest(rows("stack", "lag_s"), "lag", "max"),
        "alerts": latest(rows("stack", "alerts"), "alerts"),
        "services down": latest(down, "services down"),
        "grid": latest(power, "grid"),
        "generation": latest(rows("telemetry", "power_kw", PV), "generation", value="-r._value"),
        "state of charge": latest(rows("telemetry", "soc_percent", BATTERY), "state of charge", "mean"),
        "cost today": latest(rows("telemetry", "cost_today"), "cost today"),
        "currency": latest(rows("plan", "currency", within=MONTH), "currency", "last"),
    }
    return Dashboard(
        uid="hems-fleet",
        title="HEMS · Fleet",
        says="One row for each home; the same for a fleet's database and for a single home.",
        variables=(BUCKET, homes, sites),
        content=[
            number("Homes", "Heard of within thirty days.", f"{HEARTBEAT}\n  |> last()\n  |> group()\n  |> count()"),
            number(
                "Silent homes",
                "Not heard of for three quarters of an hour.",
                f"{ages(HEARTBEAT)}\n  |> {flags}\n  |> sum()",
                steps=ALERT_STEPS,
            ),
            number(
                "Worst lag",
                "Age of the oldest point that waits anywhere.",
                f"{rows('stack', 'lag_s')}\n  |> last()\n  |> group()\n  |> max()",
                unit="s",
                steps=LAG_STEPS,
            ),
            number("Alerts", "Of all homes.", _newest("alerts"), steps=ALERT_STEPS),
            number("Grid", "Of all homes together; positive imports.", total(power), unit="kwatt", decimals=1),
            number(
                "Saving today",
                "Of all homes; a number without a meaning where their currencies differ.",
                f"{rows('telemetry', 'saving_today')}\n  |> last()\n  |> group()\n  |> sum()",
                **MONEY,
            ),
            table(
                "Homes",
                "The newest values of each; a click on a home opens its overview.",
                columns,
                width=24,
                height=12,
                changes=[{"id": "joinByField", "options": {"byField": "home", "mode": "outer"}}],
                overrides=[
                    override("byName", "home", links=[_overview()]),
                    override("byName", "silent for", unit="s", **_colored((None, GOOD), (SILENT_AFTER_S, BAD))),
                    override("byName", "lag", unit="s", **_colored(*LAG_STEPS)),
                    override("byName", "alerts", **_colored(*ALERT_STEPS)),
                    override("byName", "services down", **_colored(*ALERT_STEPS)),
                    override("byName", "grid", unit="kwatt", decimals=2),
                    override("byName", "generation", unit="kwatt", decimals=2),
                    override("byName", "state of charge", unit="percent", decimals=0),
                    override("byName", "cost today", decimals=2),
                ],
            ),
            lines(
                "Power by kind",
                "Of all homes together.",
                total(rows("telemetry", "power_kw"), "kind"),
                unit="kwatt",
                colors=COLORS,
            ),
            Panel(
                kind="histogram",
                title="State of charge",
                says="How many batteries hold how much now.",
                queries={
                    "batteries": rows("telemetry", "soc_percent", BATTERY)
                    + '\n  |> last()\n  |> group()\n  |> keep(columns: ["_value"])'
                },
                unit="percent",
                options={"bucketSize": 10, "bucketOffset": 0, "legend": NO_LEGEND},
                colors={"batteries": COLORS["battery"]},
            ),
            lines(
                "Homes that report",
                "In each stretch of time.",
                {"homes": f"{rows('stack', 'spool_points')}\n{windows('last')}\n  |> group()\n{windows('count')}"},
                unit="short",
            ),
            table(
                "Silent homes",
                "And for how long.",
                {
                    "silent": f"{ages(HEARTBEAT)}\n  |> filter(fn: (r) => r._value > {SILENT_AFTER_S})"
                    '\n  |> rename(columns: {_value: "silent for"})'
                },
                overrides=[override("byName", "silent for", unit="s"), override("byName", "home", links=[_overview()])],
            ),
        ],
    )


def _of_devices(*fields: str, where: str = "true") -> str:
    """A series for each device, and for each quantity where there may be several."""
    suffix = ' + " " + r._field' if len(fields) > 1 else ""
    return by_asset(rows("telemetry", fields, where, asset=True, site=False), suffix=suffix)


def _overview() -> Json:
    return {"title": "Overview", "url": "/d/hems-overview?var-home=${__value.raw}", "targetBlank": False}


def _colored(*steps: tuple[float | None, str]) -> Json:
    return {
        "thresholds": {"mode": "absolute", "steps": [{"value": at, "color": color} for at, color in steps]},
        "custom__cellOptions": {"type": "color-text"},
    }


def _newest(*fields: str) -> str:
    return f"{rows('stack', fields)}\n  |> last()\n  |> group()\n  |> sum()"


def _services_down() -> str:
    down = "map(fn: (r) => ({_value: 1.0 - r._value}))"
    return f"{rows('stack', 'up')}\n  |> last()\n  |> group()\n  |> {down}\n  |> sum()"


def _planned_ahead() -> str:
    """Hours to the last planned slot. It lies in the future, where only the points themselves are."""
    ahead = "range(start: -1d, stop: 7d)"
    slots = rows("plan", "load_kw", 'r.kind == "site"', site=False, within=ahead, bucket="v.defaultBucket")
    hours = "float(v: int(v: r._time) - int(v: now())) / 3600000000000.0"
    return f"{slots}\n  |> last()\n  |> group()\n  |> map(fn: (r) => ({{_value: {hours}}}))\n  |> min()"


def _alerts() -> str:
    said = "{home: r.home, at: r._time, alerts: r._value}"
    return f"{rows('stack', 'alert')}\n  |> last()\n  |> group()\n  |> map(fn: (r) => ({said}))"


def _feeds() -> str:
    """A row for each feed, the oldest first."""
    pivot = 'pivot(rowKey: ["home", "asset"], columnKey: ["_field"], valueColumn: "_value")'
    return (
        f"{rows('feeds', ('age_s', 'interval_s', 'loss_percent', 'gaps', 'silent'), asset=True)}\n"
        f'  |> last()\n  |> group()\n  |> {pivot}\n  |> sort(columns: ["age_s"], desc: true)'
    )


def _silent_feeds() -> str:
    return f"{rows('feeds', 'silent')}\n  |> last()\n  |> group()\n  |> sum()"


def _by_home(*fields: str) -> str:
    """A series for each field and home."""
    return called(f"{rows('stack', fields)}\n{windows('last')}", f"{name_of('_field')}")
