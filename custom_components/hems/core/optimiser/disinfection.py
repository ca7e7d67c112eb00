"""When a tank may have its legionella cycle: the few windows that are worth planning with."""

from itertools import accumulate

from ..model import Battery
from ..model.dc_bus import suns_kw
from ..model.legionella import REACHED_K, Window
from ..model.terms import Terms
from ..model.thermal import Zone

MOST_WINDOWS = 3
"""Each has its own copy of the tank's equations."""
APART_H = 1.0
"""Windows nearer to each other than this are one choice."""
BEFORE_H = 6.0
"""A tank is heated for its cycle within this time before."""
SURE_K = 0.01
"""Above the temperature of the cycle, so that rounding does not undo it."""


def windows_for(zone: Zone, most_kw: float, terms: Terms) -> tuple[Window, ...]:
    """The first that full power could keep hot where there is room for it, and the best of the others.

    Best by what their heat and their lateness cost, roughly.
    """
    disinfection = zone.disinfection
    if disinfection is None:
        return ()
    hot_c = disinfection.cycle.temperature_c + SURE_K
    heated = zone.run(tuple(min(most_kw, room_kw) for room_kw in _room_kw(terms)))
    hot = [heated[0] >= disinfection.cycle.temperature_c - REACHED_K, *(celsius >= hot_c for celsius in heated[1:])]
    possible = [window for window in disinfection.windows if all(hot[window.first : window.last + 1])]
    prices = _prices(terms)
    starts_h = tuple(accumulate(terms.steps_h, initial=0.0))
    kept = possible[:1]
    for window in sorted(
        possible, key=lambda window: disinfection.price(window) + _heating(window, zone, most_kw, prices, terms)
    ):
        if len(kept) == MOST_WINDOWS:
            break
        if all(abs(starts_h[window.first] - starts_h[other.first]) >= APART_H for other in kept):
            kept.append(window)
    return tuple(kept)


def _heating(window: Window, zone: Zone, most_kw: float, prices: tuple[float, ...], terms: Terms) -> float:
    """What lifting the tank from its least temperature costs in the cheapest steps before the window, roughly."""
    disinfection, steps_h = zone.disinfection, terms.steps_h
    if disinfection is None:
        return 0.0
    capacity = steps_h[0] / zone.steps[0].zone.gain_k_per_kw
    needed_kwh = capacity * max(0.0, disinfection.cycle.temperature_c - zone.min_c[window.first]) / zone.cop[0]
    first, left_h = window.first, BEFORE_H
    while first > 0 and left_h > 0.0:
        first -= 1
        left_h -= steps_h[first]
    cost = 0.0
    for step in sorted(range(first, window.first), key=lambda step: prices[step]):
        kwh = min(needed_kwh, most_kw * steps_h[step])
        cost += prices[step] * kwh
        needed_kwh -= kwh
    return cost + max(prices) * needed_kwh


def _room_kw(terms: Terms) -> tuple[float, ...]:
    """What the connection, the sun and the batteries leave for one device in each step, at most."""
    batteries = (asset for asset in terms.request.site.assets if isinstance(asset, Battery))
    stored_kw = sum(battery.max_discharge_kw for battery in batteries)
    return tuple(
        max(0.0, limit + sun + stored_kw - load)
        for limit, sun, load in zip(terms.max_import_kw, suns_kw(terms.request), terms.load_kw, strict=True)
    )


def _prices(terms: Terms) -> tuple[float, ...]:
    """Of a little energy more in each step: what it would sell for where there is more sun than load."""
    return tuple(
        sold if sun > load else bought
        for sun, load, sold, bought in zip(
            suns_kw(terms.request), terms.load_kw, terms.export_worth, terms.import_worth, strict=True
        )
    )
