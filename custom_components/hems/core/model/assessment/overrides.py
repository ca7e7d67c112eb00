"""The user's word against what the devices and limits allow."""

from collections.abc import Mapping

from ..horizon import Horizon
from ..plan import AssetPlan, Violation
from ..request import Override
from ..terms import Terms
from .judgement import broken_spans


def overridden_steps(override: Override, horizon: Horizon) -> tuple[int, ...]:
    """The steps an override decides: the running one, and those it covers at least half of."""
    if override.until <= horizon.start:
        return ()
    shares = horizon.overlap(horizon.start, override.until)
    return tuple(index for index, share in enumerate(shares) if index == 0 or share >= 0.5)


def override_misses(terms: Terms, plans: Mapping[str, AssetPlan]) -> tuple[Violation, ...]:
    """Where an asset cannot do what it was told."""
    misses: list[Violation] = []
    for override in terms.request.overrides:
        steps = overridden_steps(override, terms.horizon)
        amounts = [0.0] * terms.horizon.steps
        for step in steps:
            amounts[step] = abs(plans[override.asset].power_kw[step] - override.power_kw)
        misses += broken_spans(
            f"{override.asset}.override",
            override.asset,
            amounts,
            "kW",
            f"{override.power_kw:g} kW is more or less than the device or a limit allows",
            terms.horizon,
        )
    return tuple(misses)
