"""What other optimisers were caught at behind HTTP; see tests/cases/faults.toml."""

from dataclasses import replace
import json
import sys
from typing import Any

import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Plan, SolveStats
from tests.builders import a_battery, a_horizon, a_request, a_series, an_ev_charger, an_ev_charger_state, an_ev_session

NEVER_READY = (sys.executable, "-c", "import sys; sys.stdin.read()")
"""A worker that is always starting: enough where nothing is planned."""


def a_message() -> dict[str, Any]:
    """A day at 5 min."""
    message: dict[str, Any] = wire.to_plain(a_request(a_battery(), horizon=a_horizon(288, 5)))
    return message


def misspelt() -> dict[str, Any]:
    message = a_message()
    battery = message["site"]["assets"][0]
    battery["max_charge_kwh"] = battery.pop("max_charge_kw")
    return message


def not_a_number() -> dict[str, Any]:
    message = a_message()
    message["load_kw"]["values"][0] = float("nan")
    return message


def short_of_prices() -> dict[str, Any]:
    message = a_message()
    message["tariff"]["import_price"] = wire.to_plain(a_series([0.3] * 200, a_horizon(200, 5)))
    return message


@pytest.mark.parametrize(
    ("message", "field", "said"),
    [
        (misspelt(), "site.assets[0].max_charge_kwh", "Unexpected keyword"),
        (not_a_number(), "load_kw", "finite"),
        (short_of_prices(), "tariff.import_price", "2026-03-02T16:40:00"),
    ],
    ids=["misspelt key", "NaN", "200 of 288 prices"],
)
async def test_what_is_wrong_is_refused_by_field_and_never_filled_in(start, message, field, said):
    async with start(NEVER_READY) as engine:
        response = await engine.post(json.dumps(message).encode())
        assert response.status == 422
        errors = {error["field"]: error["message"] for error in (await response.json(content_type=None))["errors"]}
    (named,) = [name for name in errors if name.startswith(field)]
    assert said in errors[named]


def charged_with_at_least(min_kw: float):
    """A car whose last hour would like less than its charger can give."""
    return a_request(
        an_ev_charger(min_current_a=min_kw / 0.23),
        an_ev_charger_state(an_ev_session(0, 8, target_kwh=35.0)),
        a_battery(),
        import_price=[0.30, 0.25] * 12,
        load_kw=0.5,
    )


def least_charging_kw(plan: Plan) -> float:
    return min(kw for kw in plan.asset("ev_charger").power_kw if kw > 0.0)


def test_engine_that_was_asked_before_answers_like_one_that_was_not(launch):
    first, second = charged_with_at_least(1.73), charged_with_at_least(2.5)

    def answers(*requests) -> list[Plan]:
        with launch("--port", "0") as engine:
            bodies = [engine.ask("POST", "/v1/plan", wire.encode(request))[1] for request in requests]
        return [replace(wire.decode(Plan, body), stats=SolveStats()) for body in bodies]

    (before, warm), (cold,) = answers(first, second), answers(second)
    assert least_charging_kw(before) < 2.4
    assert least_charging_kw(warm) >= 2.5 - 1e-6
    assert warm == cold
