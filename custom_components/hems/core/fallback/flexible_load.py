"""A flexible load without a solver."""

from ..model import AssetPlan, FlexibleLoad, FlexibleLoadState
from ..model.daily import wanted_kw
from ..model.terms import Terms
from .rule import DUST_KW


class SwitchRule:
    """On when wanted, if there is room."""

    def __init__(self, load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> None:
        self._load = load
        self._wanted_kw = wanted_kw(load, state, terms)
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """All or nothing."""
        most_kw = self._wanted_kw[index]
        refused = told_kw is not None and told_kw < most_kw / 2.0
        power_kw = most_kw if most_kw <= room_kw + DUST_KW and not refused else 0.0
        self._power_kw.append(power_kw)
        return power_kw

    def plan(self) -> AssetPlan:
        """With what was wanted."""
        return AssetPlan(
            asset=self._load.name,
            kind=self._load.kind,
            power_kw=tuple(self._power_kw),
            trajectories={"wanted_kw": self._wanted_kw},
        )
