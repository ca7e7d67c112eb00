"""Whatever is asked, the engine answers: with a plan, or with what is wrong about the question."""

from collections.abc import Iterator
from copy import deepcopy
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Fallback, Plan
from tests.builders import (
    a_battery,
    a_flexible_load,
    a_heat_pump,
    a_hot_water,
    a_pv,
    a_request,
    a_run,
    an_appliance,
    an_appliance_state,
    an_ev_charger,
    an_ev_charger_state,
    an_ev_session,
)
from tests.engine.running import TOKEN, Engine, launched

type Place = tuple[str | int, ...]
"""How to reach one value of a message."""

WHOLE_HOME = json.loads(
    wire.encode(
        a_request(
            a_pv(),
            a_battery(),
            an_ev_charger(),
            an_ev_charger_state(an_ev_session()),
            a_heat_pump(),
            a_hot_water(),
            an_appliance(),
            an_appliance_state(a_run()),
            a_flexible_load(),
        )
    )
)


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every value in a message, its lists and objects included."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*here, key))


def replaced(message: Any, place: Place, value: Any) -> Any:
    """A copy with another value in that place."""
    if not place:
        return value
    changed = deepcopy(message)
    parent = changed
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    return changed


ODD = st.one_of(
    st.sampled_from([None, True, "", "x", [], {}, 0, -1, 1e-9, -1e-9, 1e6, 1e300, -1e300, 2**63, 10**40, "NaN"]),
    st.sampled_from(["2026-03-02T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-03-02T00:00:00"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.text(max_size=5),
    st.lists(st.floats(-10, 10), max_size=30),
)


@pytest.fixture(scope="module")
def engine(path, tmp_path_factory) -> Iterator[Engine]:
    with launched(path, tmp_path_factory.mktemp("engine"), "--port", "0") as running:
        running.wait_for("worker_ready")
        yield running


def restarts(engine: Engine) -> int:
    return json.loads(engine.ask("GET", "/v1/health")[1])["worker_restarts"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(list(places(WHOLE_HOME))), value=ODD)
@example(place=("site", "max_import_kw"), value=0.0)
@example(place=("options", "time_limit_s"), value=1e-9)
def test_one_odd_value_gives_a_plan_or_a_refusal_that_names_it(engine, place, value):
    status, body = engine.ask("POST", "/v1/plan", json.dumps(replaced(WHOLE_HOME, place, value)).encode())

    assert status in {200, 422}, body
    if status == 422:
        errors = json.loads(body)["errors"]
        assert errors
        assert all(error["message"] for error in errors)
    else:
        plan = wire.decode(Plan, body)
        assert not isinstance(plan.outcome, Fallback), plan.outcome
    assert restarts(engine) == 0


def test_schemathesis_finds_no_fault_in_what_the_engine_says_of_itself(engine, tmp_path):
    """The real tool against the running engine, from the engine's own description."""
    host, port = engine.wait_for("listening")["address"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"http://{host}:{port}/openapi.json",
            "--header",
            f"Authorization: Bearer {TOKEN}",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "200",
            "--seed",
            "1",
            # A schema cannot say that names refer to each other, nor that a series covers the horizon.
            "--exclude-checks",
            "positive_data_acceptance",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert restarts(engine) == 0
