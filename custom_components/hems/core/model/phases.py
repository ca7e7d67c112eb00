"""How the powers of a home spread over its three phases."""

from collections.abc import Mapping, Sequence

from .asset import PHASES, Asset, Phase
from .ev import EvCharger
from .inverter import behind_of
from .plan import AssetPlan
from .site import Site
from .terms import Terms

EVENLY = (1 / 3, 1 / 3, 1 / 3)


def single(phase: Phase | None) -> tuple[float, ...]:
    """All on one phase; the first where nobody said which."""
    return tuple(float(name == (phase or PHASES[0])) for name in PHASES)


def shares_of(site: Site, asset: Asset) -> tuple[float, ...]:
    """Part of an asset's power on each phase; what is behind an inverter is on the inverter's.

    A charging point counts as even here; what it charges on one phase is told apart by its plan.
    """
    behind = behind_of(asset)
    phase = ((site.asset(behind) if behind else None) or asset).phase
    return EVENLY if phase is None or isinstance(asset, EvCharger) else single(phase)


def one_phase_kw(plan: AssetPlan) -> Sequence[float]:
    """What a charging point takes on one phase alone, in each step."""
    if "one_phase_kw" in plan.trajectories:
        return plan.trajectories["one_phase_kw"]
    used = plan.trajectories["phases"]
    return tuple(power if count == 1.0 else 0.0 for power, count in zip(plan.power_kw, used, strict=True))


def phase_kw(terms: Terms, plans: Mapping[str, AssetPlan]) -> tuple[tuple[float, ...], ...]:
    """What each phase draws in each step: load and assets, before any load is left without supply."""
    site = terms.request.site
    drawn_kw = [[share * kw for kw in terms.load_kw] for share in site.load_phase_shares]
    for asset in site.assets:
        plan, on_one, on_all = plans[asset.name], single(asset.phase), shares_of(site, asset)
        alone_kw = one_phase_kw(plan) if isinstance(asset, EvCharger) else (0.0,) * len(plan.power_kw)
        for drawn, one, part in zip(drawn_kw, on_one, on_all, strict=True):
            for index, (power, alone) in enumerate(zip(plan.power_kw, alone_kw, strict=True)):
                drawn[index] += part * (power - alone) + one * alone
    return tuple(tuple(drawn) for drawn in drawn_kw)


def over_phase_kw(terms: Terms, plans: Mapping[str, AssetPlan]) -> tuple[tuple[float, ...], ...]:
    """What each phase would draw above its fuse in each step; all 0 where the phases are not looked at."""
    limit_kw = terms.request.site.max_phase_kw
    if limit_kw is None:
        return ((0.0,) * terms.horizon.steps,) * len(PHASES)
    return tuple(tuple(max(0.0, kw - limit_kw) for kw in drawn) for drawn in phase_kw(terms, plans))
