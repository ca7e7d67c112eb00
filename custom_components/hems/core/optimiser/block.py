"""What an asset contributes to the problem, and what every asset may know about the rest."""

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from ..model import AssetPlan, Battery, EvCharger, HybridInverter, Pv
from ..model.assessment.overrides import overridden_steps
from ..model.dc_bus import suns_kw
from ..model.terms import Terms
from .constraints import Affine, Flow, Mask, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One asset's variables, as the rest of the problem sees them."""

    asset: str
    power_kw: Affine
    """Per step; positive draws from the bus."""
    constraints: tuple[cp.Constraint, ...] = ()
    cost: Affine = 0.0
    """Currency: wear, and wishes not met at their prices, minus the worth of what is left at the end."""
    preference: Affine = 0.0
    """Taste, not money: breaks ties, and is scaled so that it cannot spend a cent."""
    discharge: Flow | None = None
    """What a battery, or the battery of a car, gives."""
    unsold: Flow | None = None
    """The part of it that must not be sold."""
    not_for_cars: Flow | None = None
    """The part of it that must not charge a car."""
    dc_kw: Affine | None = None
    """Of an inverter: what it hands to its DC bus, less what it takes from there."""
    car: Flow | None = None
    """What a car takes."""
    one_phase_kw: Affine | None = None
    """The part of a car's power that is on one phase alone; None: nothing."""
    plan: Callable[[], AssetPlan]
    """The schedule, re-simulated from the powers; to be called once the problem is solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The terms of the request as arrays, and what follows from them for every asset."""

    terms: Terms
    h: Values
    """Length of each step in hours."""
    starts_h: Values
    """Hours from the beginning of the horizon to that of each step."""
    near: Mask
    """Steps whose on/off decisions are whole."""
    earliness: Values
    """Rises from 0 to 1 over the horizon: the taste for doing things early."""
    burning_pays: Mask
    """Steps in which wasting energy in a battery could be worth something."""

    @property
    def steps(self) -> int:
        """How many."""
        return len(self.h)

    @classmethod
    def of(cls, terms: Terms) -> Context:
        """The context of a request."""
        horizon = terms.horizon
        # In whole seconds: a sum of twelfths of an hour ends just below the hour.
        starts_h = np.concatenate(([0], np.cumsum(horizon.steps_s)[:-1])) / 3600.0
        return cls(
            terms=terms,
            h=np.array(terms.steps_h),
            starts_h=starts_h,
            near=starts_h < terms.request.options.integer_h,
            earliness=starts_h / sum(horizon.steps_h),
            burning_pays=_burning_pays(terms),
        )

    def overridden(self, asset: str) -> tuple[tuple[tuple[int, ...], float], ...]:
        """The steps and powers that the user has decided for an asset."""
        return tuple(
            (overridden_steps(override, self.terms.horizon), override.power_kw)
            for override in self.terms.request.overrides
            if override.asset == asset
        )


def _burning_pays(terms: Terms) -> Mask:
    """Where energy on the bus may be a burden, and where room for a burden to come cannot be made by selling."""
    sites = terms.request.site.assets
    fixed = [asset for asset in sites if isinstance(asset, Pv) and not asset.curtailable]
    sun_kw, unstoppable_kw = np.array(suns_kw(terms.request)), np.array(suns_kw(terms.request, fixed))
    max_export_kw, export_worth = np.array(terms.max_export_kw), np.array(terms.export_worth)
    # Paid to take it, forced to sell it at a loss, not allowed to sell it, or told to move it.
    burdened = np.array(terms.import_worth) < 0.0
    # Or to even out what is exchanged by it.
    burdened |= terms.request.weights.ramping_price_per_kw > 0.0
    burdened |= (export_worth < 0.0) & (unstoppable_kw > 0.0)
    burdened |= unstoppable_kw > max_export_kw
    for override in terms.request.overrides:
        burdened[list(overridden_steps(override, terms.horizon))] = True
    batteries = [asset for asset in sites if isinstance(asset, Battery)]
    unsellable = max_export_kw < sun_kw + sum(battery.max_discharge_kw for battery in batteries)
    unsellable |= (export_worth < 0.0) | (not all(battery.may_export for battery in batteries))
    # An inverter may not let it out, and a car's energy may not be for sale.
    unsellable |= any(
        isinstance(asset, HybridInverter) or (isinstance(asset, EvCharger) and asset.max_discharge_kw > 0.0)
        for asset in sites
    )
    burden_ahead = np.logical_or.accumulate(burdened[::-1])[::-1]
    return burdened | (burden_ahead & unsellable)


def tidy(values: Affine, low: Affine = -np.inf, high: Affine = np.inf) -> tuple[float, ...]:
    """Solved values without the solver's dust: within their limits, and six digits of them."""
    return tuple(float(value) + 0.0 for value in np.round(np.clip(values, low, high), 6))
