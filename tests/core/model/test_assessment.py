"""What counts as a limit that is missed."""

import pytest

from custom_components.hems.core.model import AssetPlan, GridLimit, Override, Weights
from custom_components.hems.core.model.assessment.judgement import broken_spans
from custom_components.hems.core.model.assessment.registry import judge
from custom_components.hems.core.model.terms import Terms
from tests.builders import (
    START,
    a_flexible_load,
    a_flexible_load_state,
    a_horizon,
    a_request,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
    hours,
)

HORIZON = a_horizon(24)


@pytest.mark.parametrize(
    ("unit", "amount", "reported"),
    [
        ("K", 0.05, False),
        ("K", 0.06, True),
        ("kWh", 0.05, False),
        ("kWh", 0.06, True),
        ("kW", 0.01, False),
        ("kW", 0.02, True),
    ],
)
def test_a_miss_that_nobody_would_notice_is_not_reported(unit, amount, reported):
    amounts = [0.0, amount] + [0.0] * 22
    spans = broken_spans("heat_pump.comfort_min", "heat_pump", amounts, unit, "colder than wanted", HORIZON)
    assert [span.amount for span in spans] == ([amount] if reported else [])


def test_a_miss_that_fades_away_ends_where_it_is_too_small():
    (span,) = broken_spans("grid.unserved", None, [0.5, 0.2, 0.005] + [0.0] * 21, "kW", "", HORIZON)
    assert (span.amount, span.start, span.end) == (0.5, START, hours(2))


@pytest.mark.parametrize(("missing_kwh", "reported"), [(0.04, 0), (0.06, 1)])
def test_a_car_that_is_as_good_as_full_is_not_late(missing_kwh, reported):
    charger, session = an_ev_charger(phases=(1,), efficiency=1.0), an_ev_session(0, 12, energy_kwh=20, target_kwh=23.0)
    plan = AssetPlan(
        asset=charger.name, kind=charger.kind, power_kw=(3.0 - missing_kwh,) + (0.0,) * 23, trajectories={}
    )
    judged = judge(charger, plan, Terms.of(a_request(charger, an_ev_charger_state(session))))
    assert len(judged.violations) == reported
    assert judged.comfort == pytest.approx(charger.late_price_per_kwh * missing_kwh)


WITHHELD = [
    ("energy is dearer", {"import_price": 0.5}, 0),
    ("energy costs as much", {"import_price": 0.4}, 0),
    ("energy is cheaper", {"import_price": 0.3}, 1),
    ("comfort counts five times", {"import_price": 0.5, "weights": Weights(comfort=5.0)}, 1),
    (
        "somebody switched it off",
        {"import_price": 0.3, "overrides": (Override(asset="flexible_load", power_kw=0.0, until=hours(24)),)},
        0,
    ),
    (
        "a limit leaves no room",
        {"import_price": 0.3, "limits": (GridLimit(start=START, end=hours(24), max_import_kw=0.0),)},
        1,
    ),
]


@pytest.mark.parametrize(("changes", "reported"), [row[1:] for row in WITHHELD], ids=[row[0] for row in WITHHELD])
def test_a_load_that_is_off_as_its_household_wants_it_misses_nothing(changes, reported):
    load = a_flexible_load(power_kw=0.5, comfort_price_per_kwh=0.4)
    request = a_request(load, a_flexible_load_state(1.0), **changes)
    plan = AssetPlan(asset=load.name, kind=load.kind, power_kw=(0.0,) * 24, trajectories={"wanted_kw": (0.5,) * 24})
    judged = judge(load, plan, Terms.of(request))
    assert [violation.limit for violation in judged.violations] == ["flexible_load.wanted"] * reported
    assert judged.comfort == pytest.approx(24 * 0.5 * 0.4 * request.weights.comfort)
