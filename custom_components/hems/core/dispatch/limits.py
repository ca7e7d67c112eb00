"""Hard limits of the connection, kept with the live measurement."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ..model import (
    Appliance,
    Asset,
    Battery,
    EvCharger,
    FlexibleLoad,
    GridLimit,
    HeatPump,
    HotWater,
    Pv,
    Site,
    Source,
)
from .draft import Draft
from .inverters import keep_inverters
from .setpoint import Reason
from .slot import Slot

SHED_ORDER: tuple[type[Asset], ...] = (EvCharger, Battery, FlexibleLoad, HotWater, HeatPump, Appliance)
"""First what can wait longest; an appliance is only kept from starting, never stopped."""
BESIDE_BATTERIES = tuple(kind for kind in SHED_ORDER if kind is not Battery)
TOLERANCE_KW = 1e-6
PV_RELEASE = 0.9
"""A limited array is released when it feeds less than this part of its limit: clouds limit it then, not HEMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLimits:
    """What the connection may carry now."""

    max_import_kw: float
    max_export_kw: float
    import_by: Source = Source.SAFETY
    export_by: Source = Source.SAFETY


def limits_at(site: Site, limits: Iterable[GridLimit], now: datetime) -> SiteLimits:
    """The tightest of the connection's own limits and those in force now."""
    tightest = SiteLimits(max_import_kw=site.max_import_kw, max_export_kw=site.max_export_kw)
    for limit in limits:
        if not limit.start <= now < limit.end:
            continue
        if limit.max_import_kw is not None and limit.max_import_kw < tightest.max_import_kw:
            tightest = replace(tightest, max_import_kw=limit.max_import_kw, import_by=Source.GRID_OPERATOR)
        if limit.max_export_kw is not None and limit.max_export_kw < tightest.max_export_kw:
            tightest = replace(tightest, max_export_kw=limit.max_export_kw, export_by=Source.GRID_OPERATOR)
    return tightest


def exchange_kw(drafts: dict[str, Draft], rest_kw: float) -> float:
    """The grid exchange that the drafts lead to; positive imports."""
    return rest_kw + sum(draft.expected_kw for draft in drafts.values())


def keep_import(
    drafts: dict[str, Draft], rest_kw: float, limits: SiteLimits, order: tuple[type[Asset], ...] = SHED_ORDER
) -> None:
    """Let the sun help, then reduce what can wait, until the import is inside its limit or nothing is left."""
    for name, draft in drafts.items():
        if isinstance(draft.asset, Pv) and draft.power_kw is not None and not draft.manual:
            if exchange_kw(drafts, rest_kw) <= limits.max_import_kw + TOLERANCE_KW:
                return
            drafts[name] = replace(draft, power_kw=None, source=limits.import_by, reason=Reason.IMPORT_LIMIT)
    for kind in order:
        for name, draft in drafts.items():
            excess_kw = exchange_kw(drafts, rest_kw) - limits.max_import_kw
            if excess_kw <= TOLERANCE_KW:
                return
            if isinstance(draft.asset, kind) and can_wait(draft):
                drafts[name] = reduced(draft, draft.expected_kw - excess_kw, limits)


def store_excess(drafts: dict[str, Draft], rest_kw: float, limits: SiteLimits, site: Site) -> None:
    """Store what may not be exported, as far as it passes the batteries' inverters."""
    for name, draft in drafts.items():
        excess_kw = -exchange_kw(drafts, rest_kw) - limits.max_export_kw
        if excess_kw > TOLERANCE_KW and isinstance(draft.asset, Battery) and not draft.manual:
            raised = draft.at(draft.expected_kw + excess_kw, Reason.EXPORT_LIMIT, strict=False)
            drafts[name] = _by(raised, draft, limits.export_by)
            keep_inverters(drafts, site)


def hold_back(drafts: dict[str, Draft], rest_kw: float, limits: SiteLimits, spare_kw: float = 0.0) -> None:
    """Hold back the sun that may not be exported and that no battery could take, `spare_kw` beyond what they do."""
    for name, draft in drafts.items():
        if isinstance(draft.asset, Pv) and draft.asset.curtailable and not draft.manual:
            drafts[name] = _held_back(draft, _room_kw(drafts, name, rest_kw, limits.max_export_kw) + spare_kw, limits)


def curtail_as_planned(drafts: dict[str, Draft], rest_kw: float, slot: Slot, spare_kw: float = 0.0) -> None:
    """Where the plan holds PV back, it follows the home: never more export than planned, never import for it.

    What batteries could take beside what they do, `spare_kw`, is not held back.
    """
    for name, draft in drafts.items():
        if name not in slot.curtails or draft.manual or draft.power_kw is not None:
            continue
        room_kw = -slot.power_kw[name]
        if slot.grid_kw <= 0.0:
            room_kw = _room_kw(drafts, name, rest_kw, -slot.grid_kw) + spare_kw
        power_kw = draft.levels.nearest(-max(0.0, room_kw))
        drafts[name] = replace(draft, power_kw=power_kw, source=Source.PLAN, reason=Reason.PLAN)


def _room_kw(drafts: dict[str, Draft], array: str, rest_kw: float, max_export_kw: float) -> float:
    """Most that one array may feed without more than `max_export_kw` leaving the home."""
    others_kw = sum(other.expected_kw for name, other in drafts.items() if name != array)
    return max_export_kw + rest_kw + others_kw


def _held_back(draft: Draft, room_kw: float, limits: SiteLimits) -> Draft:
    """An array that feeds too much is limited, and stays so while its limit is what holds it back."""
    allowed_kw = max(0.0, room_kw)
    if allowed_kw >= -draft.levels.low_kw or (draft.power_kw is not None and -draft.power_kw <= allowed_kw):
        return draft
    fed_kw = None if draft.live.power_kw is None else -draft.live.power_kw
    last_kw = draft.live.setpoint_kw
    held = last_kw is not None and fed_kw is not None and fed_kw >= PV_RELEASE * min(-last_kw, allowed_kw)
    if fed_kw is not None and fed_kw <= allowed_kw and not held and draft.power_kw is None:
        return draft
    limited = replace(draft, power_kw=draft.levels.nearest(-allowed_kw), reason=Reason.EXPORT_LIMIT)
    return replace(limited, source=limits.export_by)


def can_wait(draft: Draft) -> bool:
    """Whether it may be told to draw less: not what is run by hand, nor a programme that has begun."""
    begun = isinstance(draft.asset, Appliance) and draft.power_kw is None
    return not draft.manual and not begun


def reduced(draft: Draft, target_kw: float, limits: SiteLimits) -> Draft:
    """Told to draw no more than that, as far as the device can."""
    if isinstance(draft.asset, EvCharger):
        # A car waits; it is not drained for what others draw.
        target_kw = max(target_kw, min(0.0, draft.expected_kw))
    level_kw = draft.levels.at_most(target_kw)
    if draft.power_kw is not None and level_kw >= draft.power_kw:
        return draft
    return replace(draft, power_kw=level_kw, source=limits.import_by, reason=Reason.IMPORT_LIMIT)


def _by(moved: Draft, before: Draft, source: Source) -> Draft:
    return moved if moved is before else replace(moved, source=source)
