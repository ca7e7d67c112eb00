"""The home as it would be if nobody managed it: what a plan's saving is counted from."""

from dataclasses import replace
from datetime import timedelta

from ..model import AssetState, Battery, EvCharger, EvChargerState, EvSession, Plan, PlanRequest
from ..model.assessment import judged_plan
from ..model.terms import Terms
from .plan import fallback_plan

REASON = "nobody manages this home"

SLACK = 1.02
"""The rule charges evenly until departure: that little more time keeps it from rounding below full power."""


def uncontrolled_plan(request: PlanRequest) -> Plan:
    """Batteries rest, cars charge at full power on arrival, thermostats heat, appliances start at once."""
    assets = tuple(
        replace(asset, max_charge_kw=0.0, max_discharge_kw=0.0) if isinstance(asset, Battery) else asset
        for asset in request.site.assets
    )
    states = tuple(_at_once(state, request) for state in request.states)
    left_alone = replace(request, overrides=())
    lived = fallback_plan(replace(left_alone, site=replace(request.site, assets=assets), states=states), REASON)
    # Judged as the home that it is: a car that the connection kept from charging at once may go on until it leaves.
    return judged_plan(Terms.of(left_alone), lived.outcome, lived.assets, lived.grid_kw, lived.unserved_kw)


def _at_once(state: AssetState, request: PlanRequest) -> AssetState:
    """A car whose visit ends as soon as it can be full leaves the rule no choice."""
    charger = request.site.asset(state.asset)
    if not isinstance(state, EvChargerState) or not isinstance(charger, EvCharger):
        return state
    return replace(state, sessions=tuple(_shortest(session, charger, request) for session in state.sessions))


def _shortest(session: EvSession, charger: EvCharger, request: PlanRequest) -> EvSession:
    car_kw = float("inf") if session.max_charge_kw is None else session.max_charge_kw
    most_kw = min(car_kw, max(charger.max_kw(phases) for phases in charger.phases))
    missing_kwh = max(0.0, session.target_kwh - session.energy_kwh)
    needed = timedelta(hours=SLACK * missing_kwh / (charger.efficiency * most_kw))
    full = max(session.arrival, request.horizon.start) + needed + timedelta(minutes=1)
    return replace(session, departure=min(session.departure, full))
