"""The fuse of each phase, kept with what is known of how powers spread over the phases.

No meter of a phase is read: the load that HEMS does not control counts by the site's shares, an asset by the phase that
it is on, a charging point by the phases that it is told to use.
"""

from collections.abc import Mapping
from dataclasses import replace

from ..model import Battery, EvCharger, Site
from ..model.phases import EVENLY, shares_of, single
from .draft import Draft
from .inverters import keep_inverters
from .levels import phases_for
from .limits import SHED_ORDER, TOLERANCE_KW, SiteLimits, can_wait, reduced
from .slot import Slot


def phases_of(draft: Draft, slot: Slot | None) -> int | None:
    """How many a charging point charges on; None of anything else, and where it does not charge."""
    asset = draft.asset
    if not isinstance(asset, EvCharger):
        return None
    planned = slot.phases.get(asset.name) if slot else None
    return phases_for(asset, draft.expected_kw, draft.phases or planned)


def keep_phases(drafts: dict[str, Draft], rest_kw: float, site: Site, limits: SiteLimits, slot: Slot | None) -> None:
    """Reduce what can wait until no phase would draw more than its fuse carries, or nothing is left."""
    limit_kw = site.max_phase_kw
    if limit_kw is None:
        return
    for kind in SHED_ORDER:
        for name, draft in drafts.items():
            drawn_kw = drawn_by_phase_kw(drafts, rest_kw, site, slot)
            if max(drawn_kw) <= limit_kw + TOLERANCE_KW:
                return
            if not isinstance(draft.asset, kind) or not can_wait(draft):
                continue
            shares = _shares(draft, site, slot)
            others_kw = [kw - share * draft.expected_kw for kw, share in zip(drawn_kw, shares, strict=True)]
            room_kw = [limit_kw - kw for kw in others_kw]
            if isinstance(draft.asset, EvCharger):
                drafts[name] = _charged_less(draft, draft.asset, room_kw, limits, slot)
            else:
                drafts[name] = _reduced_to(draft, shares, room_kw, limits)
                keep_inverters(drafts, site)


def drawn_by_phase_kw(drafts: Mapping[str, Draft], rest_kw: float, site: Site, slot: Slot | None) -> tuple[float, ...]:
    """What each phase would draw from the grid; negative feeds."""
    drawn_kw = [share * rest_kw for share in site.load_phase_shares]
    for draft in drafts.values():
        for index, share in enumerate(_shares(draft, site, slot)):
            drawn_kw[index] += share * draft.expected_kw
    return tuple(drawn_kw)


def _shares(draft: Draft, site: Site, slot: Slot | None) -> tuple[float, ...]:
    asset = draft.asset
    if isinstance(asset, EvCharger) and phases_of(draft, slot) == 1:
        return single(asset.phase)
    return shares_of(site, asset)


def _reduced_to(draft: Draft, shares: tuple[float, ...], room_kw: list[float], limits: SiteLimits) -> Draft:
    """As much as fits on every phase that it is on; a battery gives to help, where it may give at all."""
    target_kw = _most_kw(shares, room_kw)
    if target_kw >= draft.expected_kw:
        return draft
    battery = draft.asset
    if isinstance(battery, Battery) and not (battery.may_export and battery.may_charge_ev):
        target_kw = max(target_kw, min(0.0, draft.expected_kw))
    return reduced(draft, target_kw, limits)


def _charged_less(
    draft: Draft, charger: EvCharger, room_kw: list[float], limits: SiteLimits, slot: Slot | None
) -> Draft:
    """The most that fits on one phase or on all; off where nothing does."""
    if draft.expected_kw <= 0.0:
        return draft
    best_kw, best = 0.0, None
    for count in sorted(charger.phases, key=lambda count: count != phases_of(draft, slot)):
        fits_kw = _most_kw(single(charger.phase) if count == 1 else EVENLY, room_kw)
        power_kw = draft.levels.at_most(min(draft.expected_kw, fits_kw, charger.max_kw(count)))
        if power_kw >= charger.min_kw(count) - TOLERANCE_KW and power_kw > best_kw + TOLERANCE_KW:
            best_kw, best = power_kw, count
    return replace(reduced(draft, best_kw, limits), phases=best)


def _most_kw(shares: tuple[float, ...], room_kw: list[float]) -> float:
    """The most power with these shares that leaves each phase within its room."""
    return min(room / share for room, share in zip(room_kw, shares, strict=True) if share > 0.0)
