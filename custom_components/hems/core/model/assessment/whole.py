"""The judgement of a whole plan: what it costs, split, and every limit it breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..asset import PHASES
from ..health import InputHealth
from ..phases import over_phase_kw
from ..plan import AssetPlan, CostSplit, Outcome, Plan, Violation
from ..terms import Terms
from .grid import capacity_cost, export_excess_kw, ramping_cost
from .judgement import Judgement, broken_spans
from .overrides import override_misses
from .registry import judge

UNSERVED_PRICE_PER_KWH = 200.0
"""Currency, where a kWh costs at most 1, and more in proportion: dearer than every other wish, so that no load is left
without supply, and no limit on export broken, where anything else helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a plan costs and breaks."""

    cost: CostSplit
    violations: tuple[Violation, ...]
    health: tuple[InputHealth, ...]
    """What had to be assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """What the connection cannot carry, per step."""

    unserved_kw: Sequence[float]
    export_kw: Sequence[float]
    phases_kw: Sequence[Sequence[float]]

    def energy_kwh(self, terms: Terms) -> float:
        """All of it."""
        return sum(_energy(kw, terms) for kw in (self.unserved_kw, self.export_kw, *self.phases_kw))


def judged_plan(
    terms: Terms,
    outcome: Outcome,
    assets: tuple[AssetPlan, ...],
    net_kw: Sequence[float],
    unserved_kw: tuple[float, ...],
) -> Plan:
    """The plan of a schedule whose balance the grid closes with `net_kw`, positive imports."""
    request = terms.request
    import_kw = tuple(max(0.0, net) for net in net_kw)
    export_kw = tuple(max(0.0, -net) for net in net_kw)
    assessment = assess_plan(terms, assets, import_kw, export_kw, unserved_kw)
    return Plan(
        made_at=request.now,
        expires_at=request.now + timedelta(seconds=request.valid_for_s),
        horizon=request.horizon,
        outcome=outcome,
        assets=assets,
        load_kw=terms.load_kw,
        unserved_kw=unserved_kw,
        import_kw=import_kw,
        export_kw=export_kw,
        import_price_per_kwh=terms.import_price,
        export_price_per_kwh=terms.export_price,
        currency=request.tariff.currency,
        cost=assessment.cost,
        violations=assessment.violations,
        health=request.health + assessment.health,
        prices_known_until=request.prices_known_until,
        keeps_exchange=request.weights.ramping_price_per_kw > 0.0,
    )


def assess_plan(
    terms: Terms,
    assets: Sequence[AssetPlan],
    import_kw: Sequence[float],
    export_kw: Sequence[float],
    unserved_kw: Sequence[float],
) -> Assessment:
    """Judge a schedule by the terms it was made for."""
    by_name = {plan.asset: plan for plan in assets}
    judged = [judge(asset, by_name[asset.name], terms) for asset in terms.request.site.assets]
    excess = Excess(
        unserved_kw=unserved_kw,
        export_kw=export_excess_kw(terms, export_kw),
        phases_kw=over_phase_kw(terms, by_name),
    )
    return Assessment(
        cost=_cost(terms, judged, import_kw, export_kw, excess),
        violations=(
            *(violation for judgement in judged for violation in judgement.violations),
            *override_misses(terms, by_name),
            *_broken_limits(terms, excess),
        ),
        health=tuple(entry for judgement in judged for entry in judgement.health),
    )


def _cost(
    terms: Terms,
    judged: Sequence[Judgement],
    import_kw: Sequence[float],
    export_kw: Sequence[float],
    excess: Excess,
) -> CostSplit:
    """The weights beside money are what the worths add to the prices, and the price on changes of the exchange."""
    net_kw = [bought_kw - sold_kw for bought_kw, sold_kw in zip(import_kw, export_kw, strict=True)]
    bought, sold = _money(terms.import_price, import_kw, terms), _money(terms.export_price, export_kw, terms)
    weighed = _money(terms.import_worth, import_kw, terms) - _money(terms.export_worth, export_kw, terms)
    return CostSplit(
        energy=bought,
        export=-sold,
        fixed=terms.request.tariff.fixed_per_day * sum(terms.steps_h) / 24.0,
        capacity=capacity_cost(terms, import_kw),
        wear=sum(judgement.wear for judgement in judged),
        comfort=sum(judgement.comfort for judgement in judged)
        + UNSERVED_PRICE_PER_KWH * terms.money_scale * excess.energy_kwh(terms),
        preference=weighed - (bought - sold) + ramping_cost(terms, net_kw),
        end_value=sum(judgement.end_value for judgement in judged),
    )


def _broken_limits(terms: Terms, excess: Excess) -> Iterator[Violation]:
    """Of the grid connection."""
    supply = "the limits leave this load without supply"
    fuse = "what cannot be switched off draws more on this phase than its fuse carries"
    sun = "more sun than may be exported, and it cannot be held back"
    yield from broken_spans("grid.unserved", None, excess.unserved_kw, "kW", supply, terms.horizon)
    for phase, over_kw in zip(PHASES, excess.phases_kw, strict=True):
        yield from broken_spans(f"grid.max_phase_{phase}", None, over_kw, "kW", fuse, terms.horizon)
    yield from broken_spans("grid.max_export", None, excess.export_kw, "kW", sun, terms.horizon)


def _energy(power_kw: Sequence[float], terms: Terms) -> float:
    return sum(kw * h for kw, h in zip(power_kw, terms.steps_h, strict=True))


def _money(prices: Sequence[float], power_kw: Sequence[float], terms: Terms) -> float:
    return sum(price * kw * h for price, kw, h in zip(prices, power_kw, terms.steps_h, strict=True))
