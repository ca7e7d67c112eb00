"""All setpoints of a home at one moment."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ..model import (
    AssetState,
    GridLimit,
    HealthStatus,
    InputHealth,
    Plan,
    Proposal,
    Pv,
    Site,
    Source,
)
from ..model.steering import Steering
from .balance import balance, keep_battery_rules, spare_kw
from .draft import Draft, draft_of
from .inverters import keep_inverters
from .limits import (
    BESIDE_BATTERIES,
    SHED_ORDER,
    SiteLimits,
    curtail_as_planned,
    hold_back,
    keep_import,
    limits_at,
    store_excess,
)
from .live import LiveAsset, LiveHome
from .phases import keep_phases, phases_of
from .setpoint import Reason, Setpoint
from .slot import Slot, slot_at
from .steering import Steered

NOTHING_ASKED = Steering()
ROUNDS = 20
"""Sun that is held back no longer helps its phases, and what is then not stored is held back too: each round leaves a
third of what the one before did, or less."""


def setpoints(
    site: Site,
    plan: Plan | None,
    proposals: Iterable[Proposal],
    live: LiveHome,
    limits: Iterable[GridLimit],
    now: datetime,
    *,
    states: Sequence[AssetState] = (),
    manual: Collection[str] = frozenset(),
    steering: Steering = NOTHING_ASKED,
) -> tuple[Setpoint, ...]:
    """One setpoint for each asset of the site, in the site's order.

    Args:
        site: with the household's present reserve and comfort in its assets.
        plan: the last one; it counts until it expires.
        proposals: overrides (`of_override`), operator's and safety's; those that do not hold now do nothing.
        live: measurements; older than five minutes they count as unknown.
        limits: of the grid operator; those in force now are kept as hard as the connection's own.
        now: the home's time.
        states: of the last request; they say when a car leaves, should the plan be missing.
        manual: assets that the household runs by hand: neither plan nor fallback touch them.
        steering: what events ask beside limits.
    """
    live = live.fresh(now)
    slot = slot_at(plan, now)
    by_asset = {state.asset: state for state in states}
    steered = Steered(steering, site, live, by_asset, now)
    wishes = tuple(proposals)
    wishes += tuple(steered.proposals(wishes, manual))
    drafts = {
        asset.name: draft_of(
            asset, live.of(asset.name), slot, wishes, by_asset.get(asset.name), now, manual=asset.name in manual
        )
        for asset in site.assets
    }
    rest_kw = _balanced(drafts, live.uncontrolled_kw, slot, site, steered)
    known = live.uncontrolled_kw is not None
    _keep_limits(drafts, rest_kw, slot, site, limits_at(site, limits, now), known=known)
    blind = () if known else (_blind(planned=slot is not None),)
    return tuple(_setpoint(draft, slot, blind) for draft in drafts.values())


def _balanced(
    drafts: dict[str, Draft], rest_kw: float | None, slot: Slot | None, site: Site, steered: Steered
) -> float:
    """Follow the meter where it is known; the load that counts from here on, the plan's or nothing where it is not."""
    if rest_kw is not None:
        balance(drafts, rest_kw, slot, site)
        steered.balance(drafts, rest_kw)
        return rest_kw
    if slot is not None:
        return slot.load_kw
    _hold_blind(drafts)
    return 0.0


def _keep_limits(
    drafts: dict[str, Draft], rest_kw: float, slot: Slot | None, site: Site, bounds: SiteLimits, *, known: bool
) -> None:
    """What the household, the plan, the connection, inverters and fuses allow; later rules overrule earlier ones."""
    sold_kw = max(0.0, -slot.grid_kw) if slot else 0.0
    keep_battery_rules(drafts, rest_kw, sold_kw)
    if slot is not None:
        curtail_as_planned(drafts, rest_kw, slot, spare_kw(drafts, slot) if known else 0.0)
    # What rules and inverters keep a battery from giving, other loads have to do without.
    for order in (SHED_ORDER, BESIDE_BATTERIES):
        keep_import(drafts, rest_kw, bounds, order)
        keep_battery_rules(drafts, rest_kw, sold_kw)
        keep_inverters(drafts, site)
    store_excess(drafts, rest_kw, bounds, site)
    for _ in range(ROUNDS):
        before = dict(drafts)
        keep_phases(drafts, rest_kw, site, bounds, slot)
        hold_back(drafts, rest_kw, bounds, spare_kw(drafts, slot) if known else 0.0)
        if drafts == before:
            break


def _hold_blind(drafts: dict[str, Draft]) -> None:
    """Neither meter nor plan: what plan or fallback would have chosen is held at 0, PV counts as if at its peak."""
    for name, draft in drafts.items():
        if isinstance(draft.asset, Pv) and not draft.manual:
            drafts[name] = replace(draft, live=LiveAsset())
        elif draft.own and draft.power_kw is not None:
            drafts[name] = replace(draft.at(0.0, Reason.UNKNOWN), reason=Reason.UNKNOWN)


def _blind(*, planned: bool) -> InputHealth:
    if planned:
        return InputHealth(
            source="grid_kw", status=HealthStatus.DEGRADED, reason="not known; the plan's load stands in"
        )
    return InputHealth(source="grid_kw", status=HealthStatus.ERROR, reason="not known and no plan; held safe")


def _setpoint(draft: Draft, slot: Slot | None, blind: tuple[InputHealth, ...]) -> Setpoint:
    asset = draft.asset
    phases = phases_of(draft, slot) if draft.power_kw else None
    return Setpoint(
        asset=asset.name,
        power_kw=draft.power_kw,
        phases=phases,
        source=Source.USER if draft.manual and draft.power_kw is None else draft.source,
        reason=draft.reason,
        health=draft.health + (() if draft.manual else blind),
    )
