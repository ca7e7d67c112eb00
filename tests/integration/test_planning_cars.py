"""What a plan must know of a car where little is known of it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from custom_components.hems.core.model import EvSession
from custom_components.hems.planning.asked import NoStateError
from custom_components.hems.planning.cars import ev_charger_state

NOW = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
CHARGER = SimpleNamespace(name="ev", efficiency=0.9)


def asked(*, connected, sessions=None):
    """Nobody has said what the car can hold, how full it shall be, or when it leaves."""
    home = SimpleNamespace(cars={}, site=SimpleNamespace(time_zone="UTC"))
    outlook = SimpleNamespace(sessions={} if sessions is None else {"ev": sessions})
    return SimpleNamespace(
        asset=CHARGER,
        settings=SimpleNamespace(departure=None, target_soc=None, at_once_soc=None),
        reading=SimpleNamespace(connected=connected, power_kw=0.0, capacity_kwh=None),
        situation=SimpleNamespace(horizon=SimpleNamespace(start=NOW), outlook=outlook, home=home),
    )


def test_a_car_of_unknown_size_is_left_out_and_named():
    with pytest.raises(NoStateError, match="capacity_kwh"):
        ev_charger_state(CHARGER, asked(connected=True))


def test_where_nobody_says_when_it_leaves_no_visit_is_expected():
    assert ev_charger_state(CHARGER, asked(connected=False)).sessions == ()


def test_a_visit_that_is_known_keeps_its_own_target_where_the_household_has_none():
    visit = EvSession(
        arrival=NOW + timedelta(hours=2),
        departure=NOW + timedelta(hours=9),
        capacity_kwh=50.0,
        energy_kwh=10.0,
        target_kwh=30.0,
    )
    (found,) = ev_charger_state(CHARGER, asked(connected=False, sessions=(visit,))).sessions
    assert (found.arrival, found.target_kwh, found.at_once_kwh) == (visit.arrival, 30.0, 0.0)
