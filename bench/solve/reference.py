"""The PV, battery and car problem once more, written down independently of the optimiser, for SciPy's solver."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, eye_array

from custom_components.hems.core.model import (
    Battery,
    BatteryState,
    EvCharger,
    EvChargerState,
    EvSession,
    PlanRequest,
    Pv,
    PvState,
)

type Values = NDArray[Any]

IMPORT, EXPORT, CHARGE, DISCHARGE, CAR, CURTAILED, ON = range(7)
"""Blocks of variables, one value a step each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """A home with one array, one battery and one car, in arrays with one value a step."""

    request: PlanRequest
    battery: Battery
    charger: EvCharger
    car: EvSession
    h: Values
    sun_kw: Values
    load_kw: Values
    here: Values
    """Whether the car is."""

    @classmethod
    def of(cls, request: PlanRequest) -> Self:
        horizon = request.horizon
        pv, battery, charger = _assets(request)
        car = request.state_of(charger, EvChargerState).sessions[0]
        return cls(
            request=request,
            battery=battery,
            charger=charger,
            car=car,
            h=np.array(horizon.steps_h),
            sun_kw=np.array(horizon.known("sun", request.state_of(pv, PvState).available_kw)),
            load_kw=np.array(horizon.known("load", request.load_kw)),
            here=np.array(horizon.overlap(car.arrival, car.departure)) > 0.0,
        )

    def rows(self) -> LinearConstraint:
        """The bus, the cells and the charger's least and most."""
        n, battery, charger = len(self.h), self.battery, self.charger
        one, summed = eye_array(n), csr_array(np.tril(np.ones((n, n))) * self.h)
        start_kwh = self.request.state_of(battery, BatteryState).energy_kwh
        net_kw, never, ever = self.load_kw - self.sun_kw, np.full(n, -np.inf), np.full(n, np.inf)
        into, out = battery.charge_efficiency * summed, -summed / battery.discharge_efficiency
        least, most = -charger.min_kw(1) * one, -charger.max_kw(1) * one
        rows = [
            # The bus: import, less export, charging, the car and what is held back, is the load less the sun.
            ([one, -one, -one, one, -one, -one, None], net_kw, net_kw),
            # What is stored lies between empty and full.
            (
                [None, None, into, out, None, None, 0.0 * one],
                np.full(n, -start_kwh),
                np.full(n, battery.capacity_kwh - start_kwh),
            ),
            ([None, None, None, None, one, None, most], never, np.zeros(n)),
            ([None, None, None, None, one, None, least], np.zeros(n), ever),
        ]
        matrix = block_array([blocks for blocks, _, _ in rows], format="csr")
        return LinearConstraint(
            matrix, np.concatenate([low for _, low, _ in rows]), np.concatenate([top for *_, top in rows])
        )

    def target(self) -> LinearConstraint:
        """The car is full enough when it leaves, and never fuller than it can be."""
        n, car = len(self.h), self.car
        row = np.zeros(7 * n)
        row[CAR * n : CAR * n + n] = self.charger.efficiency * self.h * self.here
        return LinearConstraint(
            csr_array(row[None, :]), car.target_kwh - car.energy_kwh, car.capacity_kwh - car.energy_kwh
        )

    def most(self) -> Values:
        """Of each variable."""
        n, site, battery = len(self.h), self.request.site, self.battery
        found: Values = np.concatenate(
            [
                np.full(n, site.max_import_kw),
                np.full(n, site.max_export_kw),
                np.full(n, battery.max_charge_kw),
                np.full(n, battery.max_discharge_kw),
                np.where(self.here, self.charger.max_kw(1), 0.0),
                self.sun_kw,
                self.here.astype(float),
            ]
        )
        return found

    def cost(self) -> Values:
        """Of each variable; what is stored at the end is worth its price."""
        horizon, tariff = self.request.horizon, self.request.tariff
        cost = np.zeros((7, len(self.h)))
        cost[IMPORT] = self.h * np.array(horizon.known("import", tariff.import_price))
        cost[EXPORT] = -self.h * np.array(horizon.known("export", tariff.export_price))
        end_price = self.battery.end_price_per_kwh or 0.0
        cost[CHARGE] = -end_price * self.battery.charge_efficiency * self.h
        cost[DISCHARGE] = end_price / self.battery.discharge_efficiency * self.h
        return cost.ravel()


def reference_cost(request: PlanRequest, gap: float = 1e-6) -> float:
    """Least cost of a home with one array, one battery and one car that is here from the first step on.

    The energies are sums of powers rather than variables of their own; a car that leaves short is not allowed.

    Raises:
        RuntimeError: SciPy has no answer.
    """
    problem, n = _Problem.of(request), request.horizon.steps
    whole = np.zeros(7 * n)
    whole[ON * n :] = 1.0
    found = milp(
        problem.cost(),
        integrality=whole,
        bounds=Bounds(0.0, problem.most()),
        constraints=[problem.rows(), problem.target()],
        options={"mip_rel_gap": gap},
    )
    if found.fun is None:
        raise RuntimeError(f"no reference: {found.message}")
    return float(found.fun)


def _assets(request: PlanRequest) -> tuple[Pv, Battery, EvCharger]:
    match request.site.assets:
        case (Pv() as pv, Battery() as battery, EvCharger() as charger):
            return pv, battery, charger
        case others:
            raise ValueError(f"the reference knows one array, one battery and one car, got {others}")
