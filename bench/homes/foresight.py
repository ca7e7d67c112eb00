"""The cheapest course of a battery for given load and sun, as one program: for peers, and for the bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, diags_array, eye_array, hstack, vstack

from .plant import Command, Controller, Home
from .view import View

type Values = NDArray[np.float64]
COLUMNS = ("charge", "discharge", "buy", "sell", "held_back", "energy", "charging", "buying")
"""Of the program: each has one variable a step; the last two say which way power goes."""
LATE = 1e-6
"""Weight per kW exchanged that falls over the horizon: of equal courses the one that buys and sells later."""
CYCLED = 1e-6
HELD_BACK = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One value a step."""

    battery_kw: tuple[float, ...]
    grid_kw: tuple[float, ...]
    sun_kw: tuple[float, ...]
    """As much as is not held back."""
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is expected of the coming steps."""

    load_kw: Sequence[float]
    sun_kw: Sequence[float]
    import_price: Sequence[float]
    export_price: Sequence[float]


def best_course(home: Home, energy_kwh: float, outlook: Outlook) -> Course:
    """The cheapest course; what the battery holds at its end is worth nothing.

    Raises:
        ValueError: there is none, because the load exceeds what connection and battery can give.
    """
    n, h = len(outlook.load_kw), home.step_h
    buy, sell = np.array(outlook.import_price), np.array(outlook.export_price)
    taste = LATE * (1.0 - np.arange(n) / n)
    costs: dict[str, Any] = {"charge": CYCLED, "discharge": CYCLED, "held_back": HELD_BACK}
    costs |= {"buy": buy * h + taste, "sell": -sell * h + taste}
    # Elsewhere nobody gains from both directions at once, and the switches may lie between.
    both_pay = (buy < sell) | (buy < 0.0)
    found = milp(
        _row(n, costs),
        constraints=_limits(home, energy_kwh, outlook),
        bounds=_bounds(home, outlook),
        integrality=_row(n, {"charging": 1.0 * both_pay, "buying": 1.0 * both_pay}),
        options={"mip_rel_gap": 1e-6},
    )
    if found.x is None:
        raise ValueError(f"{home.name}: no course ({found.message})")
    x = dict(zip(COLUMNS, found.x.reshape(len(COLUMNS), n), strict=True))
    return Course(
        battery_kw=tuple((x["charge"] - x["discharge"]).tolist()),
        grid_kw=tuple((x["buy"] - x["sell"]).tolist()),
        sun_kw=tuple((np.array(outlook.sun_kw) - x["held_back"]).tolist()),
        cost=float(h * (buy @ x["buy"] - sell @ x["sell"])),
    )


def _row(n: int, values: Mapping[str, Any]) -> Values:
    """One value for each variable; 0 for columns that are not named."""
    return np.concatenate([np.broadcast_to(values.get(column, 0.0), n) for column in COLUMNS])


def _widths(home: Home, outlook: Outlook) -> Mapping[str, Values]:
    """The most power in each direction; no more than could flow in this home at all."""
    battery, sun = home.battery, np.array(outlook.sun_kw)
    most = np.array(outlook.load_kw) + sun + battery.max_charge_kw + battery.max_discharge_kw
    return {
        "charge": np.full_like(sun, battery.max_charge_kw),
        "discharge": np.full_like(sun, battery.max_discharge_kw),
        "buy": np.minimum(home.max_import_kw, most),
        "sell": np.minimum(home.max_export_kw, most) if home.curtailable else most,
        "held_back": sun if home.curtailable else np.zeros_like(sun),
    }


def _bounds(home: Home, outlook: Outlook) -> Bounds:
    n, battery = len(outlook.load_kw), home.battery
    highest: dict[str, Any] = {**_widths(home, outlook), "energy": battery.max_kwh, "charging": 1.0, "buying": 1.0}
    return Bounds(_row(n, {"energy": battery.min_kwh}), _row(n, highest))


def _limits(home: Home, energy_kwh: float, outlook: Outlook) -> LinearConstraint:
    """The bus closes, the battery's energy follows its power, and each power goes one way."""
    n, h, battery, width = len(outlook.load_kw), home.step_h, home.battery, _widths(home, outlook)
    one = eye_array(n, format="csc")
    rise = diags_array([np.ones(n), -np.ones(n - 1)], offsets=[0, -1], format="csc")
    net_kw = np.array(outlook.load_kw) - np.array(outlook.sun_kw)
    start_kwh = np.concatenate([[energy_kwh], np.zeros(n - 1)])
    stored, taken = -battery.charge_efficiency * h * one, h / battery.discharge_efficiency * one
    nothing, never = np.zeros(n), np.full(n, -np.inf)
    rows: list[tuple[Mapping[str, Any], Values, Values]] = [
        ({"buy": one, "sell": -one, "held_back": -one, "charge": -one, "discharge": one}, net_kw, net_kw),
        ({"energy": rise, "charge": stored, "discharge": taken}, start_kwh, start_kwh),
    ]
    for there, back, switch in (("charge", "discharge", "charging"), ("buy", "sell", "buying")):
        rows.append(({there: one, switch: -diags_array(width[there])}, never, nothing))
        rows.append(({back: one, switch: diags_array(width[back])}, never, width[back]))
    blank = csc_array((n, n))
    matrix = vstack([hstack([blocks.get(column, blank) for column in COLUMNS]) for blocks, _, _ in rows], format="csc")
    return LinearConstraint(
        matrix, np.concatenate([low for _, low, _ in rows]), np.concatenate([high for _, _, high in rows])
    )


def bound(home: Home, first: int, steps: int) -> Course:
    """The cheapest that anybody could have done from `first` on who had known everything."""
    return best_course(home, home.start_kwh, _true(home, slice(first, first + steps)))


def _true(home: Home, part: slice) -> Outlook:
    return Outlook(
        load_kw=home.load_kw[part],
        sun_kw=home.sun_kw[part],
        import_price=home.import_price[part],
        export_price=home.export_price[part],
    )


def rolling(hours: int) -> Controller:
    """Plans each step anew for the coming hours, and knows everything about them."""

    def controller(view: View) -> Command:
        home = view.home
        ahead = slice(view.step, min(view.step + round(hours / home.step_h), len(home.load_kw)))
        course = best_course(home, view.energy_kwh, _true(home, ahead))
        return Command(battery_kw=course.battery_kw[0], max_sun_kw=course.sun_kw[0])

    return controller
