"""Line protocol, byte for byte."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hems_agent.intake import Intake
from hems_agent.lines import head, joined, line, point
from hems_agent.plans import event_line, forecast_lines, hour_ahead, plan_lines
from hems_core.exchange import EventAnswer, EventState, PlanMessage
from hems_core.exchange.plan import PlannedAsset, SlotTimes
from hems_core.model import Horizon
from hypothesis import given
from hypothesis import strategies as st
import pytest

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOON_MS = 1_795_262_400_000


@pytest.mark.parametrize(
    ("payload", "golden"),
    [
        pytest.param(
            b'{"time":"2026-11-21T12:00:00.250Z","site":"home","kind":"battery","values":{"power_kw":-1.2,"soc_percent":55}}',
            b"telemetry,asset=b,home=h-1,kind=battery,site=home power_kw=-1.2,soc_percent=55.0 1795262400250\n",
            id="two quantities, a whole number becomes a float",
        ),
        pytest.param(
            b'{"schema":1,"time":"2026-11-21T13:00:00+01:00","site":"home","kind":"battery","values":{"current_a":1e-7}}',
            b"telemetry,asset=b,home=h-1,kind=battery,site=home current_a=1e-07 1795262400000\n",
            id="a zone of its own and a very small number",
        ),
        pytest.param(
            '{"time":"2026-11-21T12:00:00Z","site":"A, ü = 1","kind":"battery","values":{"voltage_v":0.1}}'.encode(),
            "telemetry,asset=b,home=h-1,kind=battery,site=A\\,\\ ü\\ \\=\\ 1 voltage_v=0.1 1795262400000\n".encode(),
            id="a site with comma, space, equals and umlaut",
        ),
        pytest.param(
            b'{"site":"home","kind":"battery","values":{"temperature_degc":-0.0}}',
            b"telemetry,asset=b,home=h-1,kind=battery,site=home temperature_degc=-0.0 1795262400999\n",
            id="without a time it is the arrival's",
        ),
    ],
)
def test_a_measurement_becomes_this_line(payload, golden):
    intake = Intake("h-1", lambda asset, time_ms: None)
    intake.take("hems/h-1/telemetry/b", payload, NOON_MS + 999)
    assert joined(intake.lines) == golden


def a_plan() -> PlanMessage:
    hour = timedelta(hours=1)
    return PlanMessage(
        site="home",
        made=NOON,
        expires=NOON + hour,
        outcome="optimal",
        currency="EUR",
        cost=1.0,
        bill=1.0,
        slots=(SlotTimes(start=NOON, end=NOON + hour), SlotTimes(start=NOON + hour, end=NOON + 2 * hour)),
        assets={"battery": PlannedAsset(kind="battery", power_kw=(1.0, -2.0))},
        grid_kw=(0.5, -3.0),
        load_kw=(0.4, 0.5),
        import_price_per_kwh=(0.3, 0.25),
        export_price_per_kwh=(0.08, 0.08),
        available_kw={"roof": (1.0, 1.5), "barn": (0.5, 0.0)},
    )


def test_a_plan_becomes_a_row_for_the_home_and_each_asset_in_each_slot():
    home = "plan,asset=site,home=h-1,kind=site,site=home"
    assert joined(plan_lines("h-1", a_plan())).decode().splitlines() == [
        f'{home} power_kw=0.5,load_kw=0.4,available_kw=1.5,price=0.3,export_price=0.08,currency="EUR" 1795262400000',
        "plan,asset=battery,home=h-1,kind=battery,site=home power_kw=1.0 1795262400000",
        f"{home} power_kw=-3.0,load_kw=0.5,available_kw=1.5,price=0.25,export_price=0.08 1795266000000",
        "plan,asset=battery,home=h-1,kind=battery,site=home power_kw=-2.0 1795266000000",
    ]


def a_long_plan(made: datetime, hours: int = 48, **changes: object) -> PlanMessage:
    """Slots of an hour; each expects as much load as it begins hours after noon."""
    start = made.replace(minute=0, second=0, microsecond=0)
    starts = [start + timedelta(hours=number) for number in range(hours)]
    since = [(at - NOON) / timedelta(hours=1) for at in starts]
    series = {
        "assets": {"battery": PlannedAsset(kind="battery", power_kw=(0.0,) * hours)},
        "slots": tuple(SlotTimes(start=at, end=at + timedelta(hours=1)) for at in starts),
        "grid_kw": (0.0,) * hours,
        "load_kw": tuple(since),
        "import_price_per_kwh": (0.3,) * hours,
        "export_price_per_kwh": (0.08,) * hours,
        "available_kw": {"roof": (1.0,) * hours, "barn": (0.5,) * hours},
    }
    return replace(a_plan(), made=made, **(series | changes))


def test_what_is_expected_of_the_hour_a_day_ahead_is_written_in_quarters():
    lines = joined(forecast_lines("h-1", a_long_plan(NOON + timedelta(minutes=5)))).decode().splitlines()
    series = "forecast,asset=site,home=h-1,kind=site,site=home"
    values = "load_kw=25.0,available_kw=1.5,price=0.3,export_price=0.08"
    assert lines == [f"{series} {values} {NOON_MS + (25 * 60 + quarter) * 60_000}" for quarter in (0, 15, 30, 45)]


@pytest.mark.parametrize(
    ("minutes", "hours"), [(0, 24), (1, 25), (59, 25), (60, 25)], ids=["on the hour", "after it", "before it", "next"]
)
def test_a_forecast_is_never_less_than_a_day_old(minutes, hours):
    made = NOON + timedelta(minutes=minutes)
    assert hour_ahead(made) == NOON + timedelta(hours=hours)
    assert timedelta(0) <= hour_ahead(made) - made - timedelta(days=1) < timedelta(hours=1)


@given(st.integers(0, 7 * 86_400))
def test_every_plan_over_the_usual_horizon_reaches_a_day_ahead_with_whole_hours(after_s):
    made = NOON + timedelta(seconds=after_s)
    edges = Horizon.tiered(made).edges
    slots = tuple(SlotTimes(start=start, end=end) for start, end in pairwise(edges))
    series = (0.5,) * len(slots)
    changes = {"import_price_per_kwh": series, "export_price_per_kwh": series, "available_kw": {}, "assets": {}}
    plan = replace(a_plan(), made=made, slots=slots, grid_kw=series, load_kw=tuple(range(len(slots))), **changes)
    loads = {line.split()[1].split(",")[0] for line in forecast_lines("h-1", plan)}
    assert len(loads) == 1, "one slot holds the four quarters"


def test_a_home_without_arrays_expects_no_sun_and_a_short_plan_nothing():
    lines = forecast_lines("h-1", a_long_plan(NOON, available_kw={}))
    assert len(lines) == 4
    assert "available_kw" not in lines[0]
    assert forecast_lines("h-1", a_long_plan(NOON, hours=24)) == []
    assert forecast_lines("h-1", a_plan()) == []


def test_an_event_becomes_a_row_with_its_state_and_reason():
    answer = EventAnswer(id="a.1", state=EventState.REFUSED, time=NOON, reason='the "grid" is \\ full')
    assert event_line("h-1", answer) == (
        r'events,home=h-1,id=a.1 state="refused",reason="the \"grid\" is \\ full" 1795262400000' + "\n"
    )


@pytest.mark.parametrize("tag", ["", "two\nlines", "ends in \\", "bell\x07"])
def test_a_tag_that_would_break_the_line_is_refused(tag):
    with pytest.raises(ValueError, match="site: a tag must be printable"):
        head("telemetry", {"site": tag})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(number):
    with pytest.raises(ValueError, match="must be a finite number"):
        line("stack", {"home": "h"}, {"up": number}, 0)


def test_a_point_without_fields_is_no_line():
    assert line("stack", {"home": "h"}, {"up": None}, 0) == ""


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back_exactly(number):
    told = point(head("m", {"a": "b"}), {"x": number}, 0)
    assert float(told.split(" ")[1].removeprefix("x=")) == number


@given(st.text(min_size=1))
def test_a_tag_never_adds_a_field_a_tag_or_a_line(text):
    try:
        told = head("m", {"a": text})
    except ValueError:
        return
    bare = told.removesuffix(" ").replace(r"\,", "").replace(r"\ ", "").replace(r"\=", "")
    assert (bare.count(","), bare.count(" "), bare.count("="), bare.count("\n")) == (1, 0, 1, 0)
