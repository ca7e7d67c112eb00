"""A charging point from its powers."""

from collections.abc import Sequence
from datetime import datetime

from ..ev import EvCharger
from ..horizon import Horizon
from ..plan import AssetPlan
from ..visits import Visit
from .digits import DIGITS


def charging_plan(
    charger: EvCharger,
    visits: Sequence[Visit],
    power_kw: Sequence[float],
    horizon: Horizon,
    one_phase_kw: Sequence[float] | None = None,
) -> AssetPlan:
    """`energy_kwh`: of the car that is there, 0 when none; `phases`: that it charges on, 0 when it does not.

    `one_phase_kw` is what of the power is on one phase alone, where that was decided; else the fewest phases that
    carry the power are used.
    """
    energy_kwh = [0.0] * (horizon.steps + 1)
    phases = [0.0] * horizon.steps
    for visit in visits:
        for edge, kwh in enumerate(visit.energy_kwh(charger, power_kw, horizon), visit.first):
            # The edge at which a car arrives within a step still belongs to nobody.
            if _is_there(visit, horizon.edges[edge]):
                energy_kwh[edge] = round(kwh, DIGITS)
        for index in range(visit.first, visit.end):
            phases[index] = _phases(visit, power_kw[index], visit.shares[index - visit.first])
            if one_phase_kw is not None and phases[index] > 0.0:
                phases[index] = 1.0 if one_phase_kw[index] > power_kw[index] / 2.0 else float(max(charger.phases))
    return AssetPlan(
        asset=charger.name,
        kind=charger.kind,
        power_kw=tuple(power_kw),
        trajectories={"energy_kwh": tuple(energy_kwh), "phases": tuple(phases)}
        | ({} if one_phase_kw is None else {"one_phase_kw": tuple(one_phase_kw)}),
    )


def _is_there(visit: Visit, time: datetime) -> bool:
    return visit.session.arrival <= time <= visit.session.departure


def _phases(visit: Visit, power_kw: float, share: float) -> float:
    """The fewest that carry the power."""
    if power_kw <= 0.0:
        return 0.0
    enough = [mode.phases for mode in visit.modes if mode.max_kw * share >= power_kw - 1e-6]
    return float(min(enough, default=max(mode.phases for mode in visit.modes)))
