"""A setpoint in the making: what an asset should do before anybody looks at the rest of the home."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf, isfinite

from ..model import (
    Appliance,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    Bounds,
    EvCharger,
    EvChargerState,
    EvSession,
    HealthStatus,
    HotWater,
    HybridInverter,
    InputHealth,
    Priority,
    Proposal,
    Pv,
    Source,
)
from .levels import ANY_POWER, Levels, levels_of
from .live import LiveAsset
from .proposals import Resolved, resolve
from .setpoint import Reason
from .slot import Slot

DEADLINE_MARGIN = timedelta(minutes=30)
"""Without a plan a car starts to charge this much earlier than it would have to."""
NEEDED: Mapping[type[Asset], str] = {Battery: "energy_kwh", EvCharger: "connected", HotWater: "temperature_c"}
"""The measurement without which a kind is held at 0."""
IDLE_KW = 0.01
OWN_SOURCES = (Source.PLAN, Source.FALLBACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One asset on its way to a setpoint; `power_kw` is always one of `levels`."""

    asset: Asset
    live: LiveAsset
    levels: Levels
    bounds_kw: Bounds = ANY_POWER
    power_kw: float | None
    source: Source
    reason: str
    manual: bool = False
    """Run by hand: only counted, never changed."""
    phases: int | None = None
    """Of a charging point: on how many its power fits the fuses; None: nobody had to choose."""
    health: tuple[InputHealth, ...] = ()

    @property
    def expected_kw(self) -> float:
        """What it will draw: as commanded, or as measured while released.

        An unmeasured draw counts 0 here, because it is part of the home's uncontrolled power already.
        """
        if self.power_kw is None or (isinstance(self.asset, Pv) and self.live.power_kw is not None):
            drawn_kw = self.live.drawn_kw or 0.0
            return drawn_kw if self.power_kw is None else max(drawn_kw, self.power_kw)
        return self.power_kw

    @property
    def own(self) -> bool:
        """Decided by plan or fallback, so that dispatch may choose differently; nobody else has asked."""
        return self.source in OWN_SOURCES and not self.manual

    def at(self, power_kw: float, reason: str, *, strict: bool = True) -> Draft:
        """The same at the level nearest to a power; `strict`: inside the bounds of the proposals."""
        level_kw = self.levels.nearest(power_kw, self.bounds_kw if strict else ANY_POWER)
        return self if level_kw == self.power_kw else replace(self, power_kw=level_kw, reason=reason)


def draft_of(
    asset: Asset,
    live: LiveAsset,
    slot: Slot | None,
    proposals: Iterable[Proposal],
    state: AssetState | None,
    now: datetime,
    *,
    manual: bool,
) -> Draft:
    """What one asset should do by itself."""
    foreign = [proposal for proposal in proposals if proposal.asset == asset.name]
    wish = None if manual else _wish(asset, live, slot, state, now)
    resolved = resolve([*foreign, *([wish] if wish else [])], now)
    levels = levels_of(asset, live, trusted=resolved.source not in OWN_SOURCES)
    draft = Draft(
        asset=asset,
        live=live,
        levels=levels,
        bounds_kw=_hard_bounds(resolved, foreign, now),
        power_kw=None,
        source=resolved.source,
        reason=resolved.reason or (Reason.MANUAL if manual else Reason.NO_PLAN),
        manual=manual and resolved.power_kw is None,
        health=() if manual else _health(asset, live),
    )
    if resolved.power_kw is not None:
        return _leveled(draft, resolved.power_kw)
    if not manual and isinstance(asset, Battery | EvCharger):
        return _leveled(draft, 0.0)
    return _released(draft)


def _wish(asset: Asset, live: LiveAsset, slot: Slot | None, state: AssetState | None, now: datetime) -> Proposal | None:
    """What plan or fallback want of an asset; None releases it."""
    if isinstance(asset, Pv | HybridInverter) or (
        isinstance(asset, Appliance) and not may_start(asset, live, state, now)
    ):
        return None
    if slot is not None and asset.name in slot.power_kw:
        power_kw, source, reason = slot.power_kw[asset.name], Source.PLAN, Reason.PLAN
        if isinstance(asset, EvCharger) and power_kw < 0.0 and _at_its_floor(live, state, now):
            power_kw = 0.0
    elif isinstance(asset, Battery):
        power_kw, source, reason = 0.0, Source.FALLBACK, Reason.SELF_CONSUMPTION
    elif isinstance(asset, EvCharger) and must_charge(asset, live, state, now):
        power_kw, source, reason = asset.max_kw(max(asset.phases)), Source.FALLBACK, Reason.DEADLINE
    else:
        return None
    if not isfinite(power_kw):
        return None
    return Proposal(
        asset=asset.name,
        source=source,
        priority=Priority.PLAN if source is Source.PLAN else Priority.FALLBACK,
        wanted_kw=power_kw,
        expires=now + timedelta(seconds=1),
        reason=reason,
    )


def may_start(appliance: Appliance, live: LiveAsset, state: AssetState | None, now: datetime) -> bool:
    """Whether a run waits while no programme is under way, even one that draws nothing for a while.

    Without one it is left to itself: a plan that is a moment old neither begins a run that is over once more, nor
    switches off what the household uses by hand.
    """
    if live.running or not isinstance(state, ApplianceState):
        return not live.running
    begun = [run.started for run in state.runs if run.started]
    under_way = any(started <= now < started + appliance.duration for started in begun)
    return not under_way and len(begun) < len(state.runs)


def must_charge(charger: EvCharger, live: LiveAsset, state: AssetState | None, now: datetime) -> bool:
    """Whether the plugged-in car would miss its target if it waited longer, or is below its minimum."""
    session = visit_of(state, now)
    if not live.connected or session is None:
        return False
    energy_kwh = session.energy_kwh if live.energy_kwh is None else live.energy_kwh
    most_kw = min(charger.max_kw(max(charger.phases)), session.max_charge_kw or inf)
    needed_h = max(0.0, session.target_kwh - energy_kwh) / charger.efficiency / most_kw
    due = session.departure if session.ready_by is None else min(session.ready_by, session.departure)
    return energy_kwh < session.at_once_kwh or (
        needed_h > 0.0 and due - now <= timedelta(hours=needed_h) + DEADLINE_MARGIN
    )


def _at_its_floor(live: LiveAsset, state: AssetState | None, now: datetime) -> bool:
    """Whether a car has no more to give, or nobody knows its floor."""
    session = visit_of(state, now)
    return session is None or (live.energy_kwh is not None and live.energy_kwh <= session.floor_kwh)


def visit_of(state: AssetState | None, now: datetime) -> EvSession | None:
    """Of the car that is there."""
    sessions = state.sessions if isinstance(state, EvChargerState) else ()
    return next((visit for visit in sessions if visit.arrival <= now < visit.departure), None)


def _hard_bounds(resolved: Resolved, proposals: Iterable[Proposal], now: datetime) -> Bounds:
    """Bounds to keep exactly; a user's exact power is a wish to meet as nearly as the device can."""
    exact = resolved.bounds_kw.min_kw is not None and resolved.bounds_kw.min_kw == resolved.bounds_kw.max_kw
    if resolved.source is Source.USER and exact:
        return resolve((proposal for proposal in proposals if proposal.priority > Priority.USER), now).bounds_kw
    return resolved.bounds_kw


def _leveled(draft: Draft, wanted_kw: float) -> Draft:
    if isinstance(draft.asset, Appliance) and wanted_kw > IDLE_KW:
        # It starts or it does not; how much it then draws is its own affair.
        wanted_kw = draft.levels.high_kw
    level_kw = draft.levels.nearest(wanted_kw, draft.bounds_kw)
    reason = draft.reason if abs(level_kw - wanted_kw) < 1e-3 else draft.levels.limited_by
    return replace(draft, power_kw=level_kw, reason=reason)


def _released(draft: Draft) -> Draft:
    """Left to itself, unless it does what bounds forbid."""
    low_kw, high_kw = draft.bounds_kw.min_kw, draft.bounds_kw.max_kw
    drawn_kw = draft.live.drawn_kw
    if isinstance(draft.asset, Appliance) and draft.live.running:
        return replace(draft, reason=Reason.RUNNING)
    if draft.levels.limited_by in (Reason.UNKNOWN, Reason.TOO_HOT) and not draft.manual:
        return replace(draft, power_kw=0.0, reason=draft.levels.limited_by)
    forbidden = (low_kw is not None and (drawn_kw is None or drawn_kw < low_kw)) or (
        high_kw is not None and (drawn_kw is None or drawn_kw > high_kw)
    )
    return _leveled(replace(draft, manual=False), drawn_kw or 0.0) if forbidden else draft


def _health(asset: Asset, live: LiveAsset) -> tuple[InputHealth, ...]:
    """Measurements without which this asset is held safe, and those whose lack only makes it coarser."""
    levels = levels_of(asset, live, trusted=False)
    if levels.limited_by == Reason.UNKNOWN:
        field = NEEDED.get(type(asset), "state")
        return (
            InputHealth(source=f"{asset.name}.{field}", status=HealthStatus.ERROR, reason="not known; held at 0 kW"),
        )
    if live.power_kw is None and isinstance(asset, Battery | EvCharger | Pv):
        what = "not known; its last setpoint stands in" if live.setpoint_kw is not None else "not known"
        return (InputHealth(source=f"{asset.name}.power_kw", status=HealthStatus.DEGRADED, reason=what),)
    return ()
