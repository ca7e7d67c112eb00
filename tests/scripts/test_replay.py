"""A diagnostics file is planned again; scripts/replay is started as a user starts it."""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
import json
from pathlib import Path
import subprocess
from typing import Any

import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Plan, PlanRequest
from custom_components.hems.core.optimiser import NoPlan, solve
from tests.builders import a_battery, a_pv, a_pv_state, a_request

REPLAY = Path(__file__).parents[2] / "scripts" / "replay"


@pytest.fixture(scope="module")
def request_() -> PlanRequest:
    sunny = a_pv_state([0.0] * 8 + [4.0] * 8 + [0.0] * 8)
    return a_request(a_battery(), a_pv(), sunny, load_kw=1.0, import_price=[0.1, 0.5] * 12)


@pytest.fixture(scope="module")
def plan(request_) -> Plan:
    return solve(request_)


@pytest.fixture(scope="module")
def script():
    """scripts/_replay.py as a module: most tests do without the second it takes to start."""
    spec = spec_from_file_location("hems_replay", REPLAY.with_name("_replay.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def replay(tmp_path, script, capsys):
    """The exit code, what it printed, and what it complained about."""

    def run(content: Any) -> tuple[int, str, str]:
        file = tmp_path / "diagnostics.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        code = script.main([str(file)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def as_diagnostics(request_: PlanRequest, plan: Plan) -> dict[str, Any]:
    """As Home Assistant saves it."""
    data = {"version": "0.1.0", "request": wire.to_plain(request_), "plan": wire.to_plain(plan)}
    return {"home_assistant": {"version": "2026.10.4"}, "integration_manifest": {"domain": "hems"}, "data": data}


def test_a_user_sees_the_same_plan_again(tmp_path, request_, plan):
    (tmp_path / "diagnostics.json").write_text(json.dumps(as_diagnostics(request_, plan)))
    result = subprocess.run([REPLAY, "diagnostics.json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "the same plan" in result.stdout


def test_the_same_plan_is_found_again(replay, request_, plan):
    code, printed, complaint = replay(as_diagnostics(request_, plan))
    assert (code, complaint) == (0, "")
    assert "the same plan" in printed
    assert "0 different powers" in printed


def test_a_bare_pair_will_do(replay, request_, plan):
    assert replay(as_diagnostics(request_, plan)["data"])[0] == 0


def test_another_plan_is_shown_where_it_differs(replay, request_, plan):
    battery, *others = plan.assets
    idle = replace(battery, power_kw=(0.0,) * plan.horizon.steps)
    recorded = replace(plan, assets=(idle, *others), cost=replace(plan.cost, energy=plan.cost.energy + 1.0))
    code, printed, _ = replay(as_diagnostics(request_, recorded))
    assert code == 1
    assert "another plan" in printed
    assert "-1.000 EUR" in printed
    assert any("battery" in line and "0.000" in line and line.endswith("kW") for line in printed.splitlines())


def test_what_was_impossible_is_still_impossible(replay):
    impossible = a_request(load_kw=5.0, site={"max_import_kw": 1.0})
    try:
        plan = solve(impossible)
    except NoPlan as none:
        from custom_components.hems.core.fallback import fallback_plan

        plan = replace(fallback_plan(impossible, str(none)), outcome=none.outcome)
    assert replay(as_diagnostics(impossible, plan))[0] == 0


BAD = [
    ("nothing", "", "cannot be read"),
    ("no JSON", "{", "cannot be read"),
    ("a list", [], 'holds no "request"'),
    ("another integration", {"data": {"devices": []}}, 'holds no "request"'),
    ("no plan yet", {"data": {"request": None, "plan": None}}, "had not planned yet"),
    ("broken request", {"request": {"now": "yesterday"}, "plan": {}}, "now: "),
]


@pytest.mark.parametrize(("content", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_cannot_be_replayed_is_said_in_one_line(replay, content, said):
    code, printed, complaint = replay(content)
    assert (code, printed) == (2, "")
    assert said in complaint
    assert complaint.count("\n") == 1


def test_a_file_that_is_not_there_is_said(tmp_path):
    result = subprocess.run([REPLAY, tmp_path / "none.json"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "cannot be read" in result.stderr
