"""Whatever the home, a plan is sound, repeatable, and no dearer than the rules it replaces."""

from hypothesis import HealthCheck, given, settings

from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.optimiser import solve
from tests.invariants import assert_sound
from tests.strategies import random_homes

ODD_HOMES = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@ODD_HOMES
@given(request=random_homes())
def test_every_plan_is_sound(request):
    plan = solve(request)
    assert plan.outcome.kind == "optimal"
    assert_sound(plan, request)


@ODD_HOMES
@given(request=random_homes())
def test_every_fallback_is_sound(request):
    assert_sound(fallback_plan(request, "no engine"), request)


@ODD_HOMES
@given(request=random_homes(with_overrides=False))
def test_a_plan_is_never_dearer_than_the_fallback(request):
    plan, fallback = solve(request), fallback_plan(request, "no engine")
    assert plan.cost.total <= fallback.cost.total + 0.01


@settings(parent=ODD_HOMES, max_examples=15)
@given(request=random_homes())
def test_the_same_request_gives_the_same_plan(request):
    first, second = solve(request), solve(request)
    assert (first.assets, first.import_kw, first.cost) == (second.assets, second.import_kw, second.cost)
