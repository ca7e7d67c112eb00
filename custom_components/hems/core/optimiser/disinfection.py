"""The legionella cycle of a tank: hot throughout one of several windows, y[w], or late.

T[e] >= hot - (hot - unheated T[e]) (1 - sum of y of the windows that hold e),   sum y <= 1
"""

import cvxpy as cp
import numpy as np

from ..model.legionella import REACHED_K, Disinfection, Window
from ..model.thermal import Zone
from .constraints import Affine, at_least, at_most, times, total

MOST_WINDOWS = 24
"""More are thinned out evenly: the cycle is then at most a part of the horizon later than it could be."""
SURE_K = 0.01
"""Above the temperature of the cycle, so that rounding does not undo it."""


def disinfecting(name: str, zone: Zone, temperature: cp.Variable, most_kw: float) -> tuple[Affine, list[cp.Constraint]]:
    """What being late costs, and the limits; nothing where no cycle is due."""
    if zone.disinfection is None:
        return 0.0, []
    disinfection = zone.disinfection
    windows = _worth_trying(disinfection, zone, most_kw)
    never = disinfection.price(None)
    if not windows:
        return never, []
    chosen = cp.Variable(len(windows), boolean=True, name=f"{name}.disinfect")
    edges = sorted({edge for window in windows for edge in range(max(1, window.first), window.last + 1)})
    holds = np.array([[float(window.first <= edge <= window.last) for window in windows] for edge in edges])
    limits = [at_most(f"{name}.once_hot", total(chosen), 1.0)]
    if edges:
        hot_c = disinfection.cycle.temperature_c + SURE_K
        unheated_c = np.array(zone.unheated_c)[edges]
        lift_k = np.maximum(0.0, hot_c - unheated_c)
        limits.append(
            at_least(f"{name}.legionella", temperature[edges], hot_c - lift_k + times(lift_k, holds @ chosen))
        )
    spared = np.array([never - disinfection.price(window) for window in windows])
    return never - spared @ chosen, limits


def _worth_trying(disinfection: Disinfection, zone: Zone, most_kw: float) -> list[Window]:
    """The windows that full power could keep hot: all where they are few, else the first, the last and some between."""
    hot_c = disinfection.cycle.temperature_c + SURE_K
    heated = zone.run((most_kw,) * len(zone.steps))
    hot = [heated[0] >= disinfection.cycle.temperature_c - REACHED_K, *(celsius >= hot_c for celsius in heated[1:])]
    possible = [window for window in disinfection.windows if all(hot[window.first : window.last + 1])]
    if len(possible) <= MOST_WINDOWS:
        return possible
    kept = np.unique(np.linspace(0, len(possible) - 1, MOST_WINDOWS).round().astype(int))
    return [possible[index] for index in kept]
