"""Which rule belongs to which kind of consumer."""

from collections.abc import Callable
from typing import Any

from ..model import AssetState, kind_of
from ..model.terms import Terms
from .charger import ChargerRule
from .flexible_load import SwitchRule
from .heater import heat_pump_rule, hot_water_rule
from .programme import ProgrammeRule
from .rule import Rule

RULES: dict[str, Callable[[Any, Any, Terms, list[float]], Rule]] = {
    "appliance": ProgrammeRule,
    "heat_pump": heat_pump_rule,
    "hot_water": hot_water_rule,
    "ev_charger": lambda charger, state, terms, _free_kw: ChargerRule(charger, state, terms),
    "flexible_load": lambda load, state, terms, _free_kw: SwitchRule(load, state, terms),
}
"""In the order in which they are given room: what has begun and what keeps people warm comes first."""


def rules_of(terms: Terms, free_kw: list[float]) -> dict[str, Rule]:
    """A rule for every consumer of the home by name, the most important first."""
    order = list(RULES)
    consumers = [asset for asset in terms.request.site.assets if kind_of(asset) in RULES]
    return {
        asset.name: RULES[kind_of(asset)](asset, terms.request.state_of(asset, AssetState), terms, free_kw)
        for asset in sorted(consumers, key=lambda asset: order.index(kind_of(asset)))
    }
