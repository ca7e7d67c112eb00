"""Walks through the horizon with the rules of all assets and judges the result like any other plan."""

from dataclasses import dataclass

from ..model import Battery, BatteryState, EvCharger, Fallback, Plan, PlanRequest, Pv, PvState
from ..model.assessment import judged_plan
from ..model.assessment.overrides import overridden_steps
from ..model.terms import Terms
from .producers import BatteryRule, SunRule
from .rule import Planned, Rule
from .rules import rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """The rules of every asset, by name."""

    terms: Terms
    suns: dict[str, SunRule]
    batteries: dict[str, BatteryRule]
    consumers: dict[str, Rule]
    chargers: frozenset[str]
    told_kw: dict[str, dict[int, float]]

    @classmethod
    def of(cls, terms: Terms) -> _Home:
        request, assets = terms.request, terms.request.site.assets
        suns = {a.name: SunRule(a, request.state_of(a, PvState), terms) for a in assets if isinstance(a, Pv)}
        free_kw = [
            limit - load + sum(sun.available_kw[index] for sun in suns.values())
            for index, (limit, load) in enumerate(zip(terms.max_import_kw, terms.load_kw, strict=True))
        ]
        told_kw: dict[str, dict[int, float]] = {}
        for override in request.overrides:
            steps = overridden_steps(override, terms.horizon)
            told_kw.setdefault(override.asset, {}).update(dict.fromkeys(steps, override.power_kw))
        return cls(
            terms=terms,
            suns=suns,
            batteries={
                a.name: BatteryRule(a, request.state_of(a, BatteryState), terms)
                for a in assets
                if isinstance(a, Battery)
            },
            consumers=rules_of(terms, free_kw),
            chargers=frozenset(a.name for a in assets if isinstance(a, EvCharger)),
            told_kw=told_kw,
        )

    def told(self, asset: str, index: int) -> float | None:
        """The user's word for an asset in a step."""
        return self.told_kw.get(asset, {}).get(index)

    def step(self, index: int) -> tuple[float, float]:
        """Decide one step; net exchange with the grid and load left without supply."""
        net_kw = self.terms.load_kw[index] - sum(sun.offer(index, self.told(n, index)) for n, sun in self.suns.items())
        a_car_charges = False
        for name, rule in self.consumers.items():
            power_kw = rule.decide(index, self.terms.max_import_kw[index] - net_kw, self.told(name, index))
            a_car_charges |= name in self.chargers and power_kw > 0.0
            net_kw += power_kw
        # What a user's word moves is there before the others answer what is left.
        for name in sorted(self.batteries, key=lambda battery: self.told(battery, index) is None):
            told_kw = self.told(name, index)
            net_kw += self.batteries[name].follow(index, net_kw, told_kw, a_car_charges=a_car_charges)
        excess_kw = max(0.0, -net_kw - self.terms.max_export_kw[index])
        for sun in self.suns.values():
            before_kw, excess_kw = excess_kw, sun.hold_back(index, excess_kw)
            net_kw += before_kw - excess_kw
        unserved_kw = max(0.0, net_kw - self.terms.max_import_kw[index])
        return net_kw - unserved_kw, unserved_kw


def fallback_plan(request: PlanRequest, reason: str) -> Plan:
    """A plan that breaks no hard limit which can be kept; `reason` says why nobody optimised it."""
    terms = Terms.of(request)
    home = _Home.of(terms)
    steps = [home.step(index) for index in range(request.horizon.steps)]
    by_name: dict[str, Planned] = {**home.suns, **home.batteries, **home.consumers}
    assets = tuple(by_name[asset.name].plan() for asset in request.site.assets)
    return judged_plan(
        terms, Fallback(reason=reason), assets, [net for net, _ in steps], tuple(unserved for _, unserved in steps)
    )
