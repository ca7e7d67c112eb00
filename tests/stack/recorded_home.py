"""What the agent records of homes, by the agent's own code: a day behind and a plan for the day ahead."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import pi, sin

from hems_agent.feeds import FeedState, Trouble, feed_line
from hems_agent.ingest import IngestState
from hems_agent.intake import Counts
from hems_agent.lines import line
from hems_agent.plans import event_line, forecast_lines, plan_lines
from hems_agent.probes import Seen
from hems_agent.provision import ReplicationStatus
from hems_agent.spool import SpoolState
from hems_agent.status import SERVICES, StackState, points
from hems_agent.writer import Outcome, WriterState
from hems_core.exchange import EventAnswer, PlanMessage
from hems_core.exchange.events import EventState
from hems_core.exchange.plan import PlannedAsset, SlotTimes
from stack_support.influx.points import Points

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEP = timedelta(minutes=10)


def stack_state(at: datetime, **changes: object) -> StackState:
    """All is well, unless a test says otherwise."""
    spool = {"queued_bytes": 0, "queued_points": 3, "oldest_ms": None, "max_bytes": 10**8, "nearly_full": False}
    written = {"message": "", "failing_s": 0.0, "points": 9, "requests": 1, "bytes": 99, "failures": 0}
    state = {
        "now_s": at.timestamp(),
        "services": {name: Seen(is_well=True) for name in SERVICES},
        "restarts": {},
        "ingest": IngestState(connected=True, trouble="", waiting=0, broker_dropped=0, counts=Counts()),
        "spool": SpoolState(**spool, dropped_points=0, corrupt_bytes=0),
        "writer": WriterState(outcome=Outcome.WRITTEN, rejected_points=0, **written),
        "replication": ReplicationStatus(configured=True, running=True, backlog_bytes=120, lag_s=12.0),
        "disk_free_percent": 60.0,
        "engine": {"plans": at.timestamp() // 300.0, "plan_s": 1.5, "solve_s": 1.0, "waiting": 0.0},
    }
    return StackState(**{**state, **changes})


def measured(home: str, at: datetime) -> Iterator[str]:
    """Of a home with a kilowatt of load, an array of two kilowatts, a battery and a car."""
    hours = (at - datetime(2026, 11, 20, tzinfo=UTC)) / timedelta(hours=1)
    sun_kw = max(0.0, 2.0 * sin((hours % 24 - 6) / 12 * pi))
    grid_kw = 1.0 - sun_kw
    whole = {"outdoor_degc": 8.0, "import_price_per_kwh": 0.3, "export_price_per_kwh": 0.08, "co2_kg": 0.1 * hours}
    assets: dict[tuple[str, str], dict[str, float | str | None]] = {
        ("grid", "grid"): {
            "power_kw": grid_kw,
            "imported_kwh": 0.5 * hours,
            "exported_kwh": 0.1 * hours,
            "voltage_l1_v": 231.0,
            "current_l1_a": 2.0,
        },
        ("load", "load"): {"power_kw": 1.0, "imported_kwh": hours},
        ("site", "site"): {**whole, "cost_today": 0.1 * (hours % 24), "saving_today": 0.05 * (hours % 24)},
        ("roof", "pv"): {"power_kw": -sun_kw, "available_kw": sun_kw, "exported_kwh": 0.6 * hours},
        ("battery", "battery"): {
            "power_kw": 0.5,
            "setpoint_kw": 0.5,
            "soc_percent": 40.0,
            "soh_percent": 97.0,
            "cycles": 12.0,
            "energy_kwh": 4.0,
            "imported_kwh": 0.2 * hours,
            "temperature_degc": 21.0,
            "voltage_v": 51.0,
            "current_a": -9.5,
        },
        ("car", "ev"): {"power_kw": 0.0, "soc_percent": 70.0, "connected": 1.0, "imported_kwh": 0.3 * hours},
    }
    for (asset, kind), values in assets.items():
        tags = {"home": home, "site": "home", "asset": asset, "kind": kind}
        yield line("telemetry", tags, values, round(at.timestamp() * 1000))


def a_plan(since: datetime, hours: int, load_kw: float = 0.5, currency: str = "EUR") -> PlanMessage:
    """Slots of a quarter of an hour: half a kilowatt less load than there is, and what the sun gives at noon."""
    quarter = timedelta(minutes=15)
    starts = [since + number * quarter for number in range(4 * hours)]
    count = len(starts)
    return PlanMessage(
        site="home",
        made=since,
        expires=since + timedelta(hours=1),
        outcome="optimal",
        currency=currency,
        cost=1.0,
        bill=1.0,
        slots=tuple(SlotTimes(start=start, end=start + quarter) for start in starts),
        assets={
            "battery": PlannedAsset(kind="battery", power_kw=(1.0,) * count),
            "roof": PlannedAsset(kind="pv", power_kw=(-1.0,) * count),
        },
        grid_kw=(0.25,) * count,
        load_kw=(load_kw,) * count,
        import_price_per_kwh=(0.3,) * count,
        export_price_per_kwh=(0.08,) * count,
        available_kw={"roof": (1.5,) * count},
    )


def recorded(home: str, until: datetime = NOW, currency: str = "EUR") -> list[str]:
    """A day of a home, to its last word."""
    found = plan_lines(home, a_plan(until - timedelta(days=1), 48, currency=currency))
    for hours in range(-48, 1):
        # A day ahead a fifth more load was expected than there was.
        found += forecast_lines(home, a_plan(until + timedelta(hours=hours), 26, load_kw=1.2))
    feeds = (("battery", 3.0, None), ("meter", 900.0, Trouble.SILENT))
    at = until - timedelta(days=1)
    while at < until:
        found += measured(home, at)
        found += points(home, stack_state(at, silent_feeds=("meter",)))
        for asset, age_s, trouble in feeds:
            state = FeedState(
                asset=asset, age_s=age_s, interval_s=10.0, gaps=2, loss_percent=1.5 if trouble else 0.0, trouble=trouble
            )
            found.append(feed_line(home, state, round(at.timestamp() * 1000)))
        at += STEP
    for minutes, state in ((60, EventState.ACTIVE), (30, EventState.DONE)):
        answer = EventAnswer(id="peak-1", state=state, time=until - timedelta(minutes=minutes), reason="of the fleet")
        found.append(event_line(home, answer))
    return found


def bucket(*lines: str) -> Points:
    """As the database keeps them."""
    made = Points()
    made.write("".join(lines), "ms", 0)
    return made
