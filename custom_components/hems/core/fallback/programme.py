"""An appliance without a solver."""

from ..model import Appliance, ApplianceState, Asset, AssetPlan
from ..model.assessment.overrides import overridden_steps
from ..model.runs import PlannedRun, Start, runs_of
from ..model.schedules import appliance_plan
from ..model.terms import Terms
from .rule import DUST_KW


class ProgrammeRule:
    """Programmes that run go on; the others start at the first time at which the whole of them fits."""

    def __init__(self, appliance: Appliance, state: ApplianceState, terms: Terms, free_kw: list[float]) -> None:
        """`free_kw` is what the connection leaves in each step; the programmes taken here are deducted from it."""
        self._appliance, self._horizon = appliance, terms.horizon
        self._forbidden = _switched_off(appliance, terms)
        self._under_way: list[Start] = []
        self._taken: list[Start] = []
        for run in runs_of(appliance, state, terms.horizon):
            self._place(run, free_kw)

    def _place(self, run: PlannedRun, free_kw: list[float]) -> None:
        start = run.starts[0] if run.is_under_way else next((s for s in run.starts if self._fits(s, free_kw)), None)
        if start is not None:
            (self._under_way if run.is_under_way else self._taken).append(start)
            for index, kw in enumerate(start.power_kw):
                free_kw[index] -= kw

    def _fits(self, start: Start, free_kw: list[float]) -> bool:
        others = (*self._under_way, *self._taken)
        return (
            start.index not in self._forbidden
            and all(kw <= free + DUST_KW for kw, free in zip(start.power_kw, free_kw, strict=True) if kw > 0.0)
            and all(start.at >= other.until or start.until <= other.at for other in others)
        )

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:  # noqa: ARG002  # decided before
        """What its programmes take."""
        return sum(start.power_kw[index] for start in (*self._under_way, *self._taken))

    def plan(self) -> AssetPlan:
        """With the starts."""
        return appliance_plan(self._appliance, self._under_way, self._taken, self._horizon)


def _switched_off(asset: Asset, terms: Terms) -> set[int]:
    """Steps in which the user has told an asset to stay off."""
    return {
        index
        for override in terms.request.overrides
        if override.asset == asset.name and override.power_kw <= 0.0
        for index in overridden_steps(override, terms.horizon)
    }
