"""When a run has to have ended, and how long it counts as under way."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from custom_components.hems.core.optimiser import solve
from custom_components.hems.runs import PlannedRun, followed, next_ready_by, planned_run
from custom_components.hems.runtime import AssetReading
from tests.builders import START, a_request, a_run, an_appliance, an_appliance_state, hours

TWO_HOURS = timedelta(hours=2)
DEADLINES = [
    ("this evening", datetime(2026, 6, 20, 10, tzinfo=UTC), time(20), datetime(2026, 6, 20, 18, tzinfo=UTC)),
    ("tomorrow", datetime(2026, 6, 20, 19, tzinfo=UTC), time(7), datetime(2026, 6, 21, 5, tzinfo=UTC)),
    ("just in time", datetime(2026, 6, 20, 3, tzinfo=UTC), time(7), datetime(2026, 6, 20, 5, tzinfo=UTC)),
    ("too late today", datetime(2026, 6, 20, 3, 1, tzinfo=UTC), time(7), datetime(2026, 6, 21, 5, tzinfo=UTC)),
    ("before clocks go back", datetime(2026, 10, 24, 20, tzinfo=UTC), time(7), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ("after clocks go on", datetime(2026, 3, 28, 20, tzinfo=UTC), time(7), datetime(2026, 3, 29, 5, tzinfo=UTC)),
    (
        "a time that is skipped",
        datetime(2026, 3, 28, 20, tzinfo=UTC),
        time(2, 30),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ),
    (
        "a time that comes twice",
        datetime(2026, 10, 24, 20, tzinfo=UTC),
        time(2, 30),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize(
    ("now", "clock", "expected"), [row[1:] for row in DEADLINES], ids=[row[0] for row in DEADLINES]
)
def test_deadline_is_the_next_local_time_at_which_the_programme_can_have_ended(now, clock, expected):
    assert next_ready_by(now, clock, "Europe/Berlin", TWO_HOURS) == expected


WAITING, BEGUN = a_run(earliest=1.0, latest_end=8.0), a_run(earliest=1.0, latest_end=8.0, started=2.0)
STEPS = [
    ("waits", WAITING, 3.0, False, False, WAITING),
    ("begun by hand", WAITING, 3.0, True, False, replace(WAITING, started=hours(3))),
    ("another programme before its time", WAITING, 0.5, True, False, WAITING),
    ("told, not measured yet", WAITING, 3.0, False, True, replace(WAITING, started=hours(3))),
    ("its time has passed", WAITING, 8.0, False, False, None),
    ("a pause", BEGUN, 3.0, False, False, BEGUN),
    ("told once more", BEGUN, 3.0, False, True, BEGUN),
    ("ended early", BEGUN, 3.7, False, False, None),
    ("takes longer", BEGUN, 4.5, True, False, BEGUN),
    ("without a meter, on its way", BEGUN, 3.7, None, False, BEGUN),
    ("without a meter, over", BEGUN, 4.0, None, False, None),
    ("stuck meter", BEGUN, 33.0, True, False, None),
]


@pytest.mark.parametrize(
    ("run", "at_h", "running", "told", "expected"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS]
)
def test_run_goes_from_wish_to_end(run, at_h, running, told, expected):
    device = an_appliance(profile_kw=(1.0, 1.0), profile_step_s=3600)
    assert followed(device, run, AssetReading(running=running), hours(at_h), told=told) == expected


def test_planned_run_costs_what_it_imports():
    device, run = an_appliance(profile_kw=(1.0, 1.0), profile_step_s=3600), a_run(latest_end=8.0)
    plan = solve(a_request(device, an_appliance_state(run)))
    found = planned_run(plan, "appliance", device, run)
    assert START <= found.start <= hours(6)
    assert found.end == found.start + TWO_HOURS
    assert found.cost == pytest.approx(2.0 * plan.import_price_per_kwh[0])
    beyond = planned_run(plan, "appliance", device, replace(run, started=plan.horizon.end - timedelta(hours=1)))
    assert beyond == PlannedRun(start=plan.horizon.end - timedelta(hours=1), end=hours(25), cost=None)
    assert planned_run(plan, "other", device, run) is None
