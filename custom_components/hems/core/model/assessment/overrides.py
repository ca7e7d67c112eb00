"""The user's word against what the devices and limits allow."""

from collections.abc import Mapping

from ..horizon import Horizon
from ..plan import AssetPlan, Violation
from ..request import Override
from ..terms import Terms
from .judgement import broken_spans


def overridden_steps(override: Override, horizon: Horizon) -> tuple[int, ...]:
    """The steps an override decides: the running one, and those it covers at least half of.

    None that begins before it does, for what a plan says of a step is done from its first moment on.
    """
    if override.until <= horizon.start:
        return ()
    shares = horizon.overlap(horizon.start, override.until)
    edges = horizon.edges
    return tuple(
        index for index, share in enumerate(shares) if override.has_begun(edges[index]) and (index == 0 or share >= 0.5)
    )


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
