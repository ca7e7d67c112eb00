"""The PV, battery and car problem once more, written down independently of the optimiser, for SciPy's solver."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, diags_array, eye_array

from custom_components.hems.core.model import (
    Battery,
    BatteryState,
    EvCharger,
    EvChargerState,
    PlanRequest,
    Pv,
    PvState,
)

IMPORT, EXPORT, CHARGE, DISCHARGE, CAR, CURTAILED, ON = range(7)
"""Blocks of variables, one value a step each."""


def reference_cost(request: PlanRequest, gap: float = 1e-6) -> float:
    """Least cost of a home with one array, one battery and one car that is here from the first step on.

    The energies are sums of powers rather than variables of their own; a car that leaves short is not allowed.

    Raises:
        RuntimeError: SciPy has no answer.
    """
    horizon, n = request.horizon, request.horizon.steps
    pv, battery, charger = _assets(request)
    car = request.state_of(charger, EvChargerState).sessions[0]
    start_kwh = request.state_of(battery, BatteryState).energy_kwh
    sun_kw = np.array(horizon.known("sun", request.state_of(pv, PvState).available_kw))
    load_kw = np.array(horizon.known("load", request.load_kw))
    h = np.array(horizon.steps_h)
    here = np.array(horizon.overlap(car.arrival, car.departure)) > 0.0
    one, summed = eye_array(n), csr_array(np.tril(np.ones((n, n))) * h)
    rows = [
        # The bus: import, less export, charging, the car and what is held back, is the load less the sun.
        ([one, -one, -one, one, -one, -one, None], load_kw - sun_kw, load_kw - sun_kw),
        # What is stored lies between empty and full.
        (
            [
                None,
                None,
                battery.charge_efficiency * summed,
                -summed / battery.discharge_efficiency,
                None,
                None,
                0.0 * one,
            ],
            np.full(n, -start_kwh),
            np.full(n, battery.capacity_kwh - start_kwh),
        ),
        ([None, None, None, None, one, None, -charger.max_kw(1) * one], np.full(n, -np.inf), np.zeros(n)),
        ([None, None, None, None, one, None, -charger.min_kw(1) * one], np.zeros(n), np.full(n, np.inf)),
    ]
    matrix = block_array([blocks for blocks, _, _ in rows], format="csr")
    needed = diags_array(charger.efficiency * h * here)
    car_row = np.zeros(7 * n)
    car_row[CAR * n : CAR * n + n] = needed.diagonal()
    limits = [
        LinearConstraint(
            matrix, np.concatenate([low for _, low, _ in rows]), np.concatenate([top for *_, top in rows])
        ),
        LinearConstraint(
            csr_array(car_row[None, :]), car.target_kwh - car.energy_kwh, car.capacity_kwh - car.energy_kwh
        ),
    ]
    top = np.concatenate(
        [
            np.full(n, request.site.max_import_kw),
            np.full(n, request.site.max_export_kw),
            np.full(n, battery.max_charge_kw),
            np.full(n, battery.max_discharge_kw),
            np.where(here, charger.max_kw(1), 0.0),
            sun_kw,
            here.astype(float),
        ]
    )
    cost = np.zeros((7, n))
    cost[IMPORT] = h * np.array(horizon.known("import", request.tariff.import_price))
    cost[EXPORT] = -h * np.array(horizon.known("export", request.tariff.export_price))
    end_price = battery.end_price_per_kwh or 0.0
    cost[CHARGE] = -end_price * battery.charge_efficiency * h
    cost[DISCHARGE] = end_price / battery.discharge_efficiency * h
    whole = np.zeros(7 * n)
    whole[ON * n :] = 1.0
    found = milp(
        cost.ravel(), integrality=whole, bounds=Bounds(0.0, top), constraints=limits, options={"mip_rel_gap": gap}
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
