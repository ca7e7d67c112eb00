"""A flexible load without a solver."""

from ..model import AssetPlan, FlexibleLoad, FlexibleLoadState
from ..model.terms import Terms
from .rule import DUST_KW


class SwitchRule:
    """On when wanted, if there is room."""

    def __init__(self, load: FlexibleLoad, state: FlexibleLoadState, terms: Terms) -> None:
        self._load = load
        self._wanted_kw = [kw * load.power_kw for kw in terms.horizon.known(f"{load.name}.wanted", state.wanted)]
        self._power_kw: list[float] = []

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """All or nothing."""
        wanted_kw = self._wanted_kw[index]
        refused = told_kw is not None and told_kw < wanted_kw / 2.0
        power_kw = wanted_kw if wanted_kw <= room_kw + DUST_KW and not refused else 0.0
        self._power_kw.append(power_kw)
        return power_kw

    def plan(self) -> AssetPlan:
        """With what was wanted."""
        return AssetPlan(
            asset=self._load.name,
            kind=self._load.kind,
            power_kw=tuple(self._power_kw),
            trajectories={"wanted_kw": tuple(self._wanted_kw)},
        )
