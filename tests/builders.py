"""Values for tests: each builder makes an ordinary one, and only what matters is spelt out.

`a_request(a_battery(), a_battery_state(energy_kwh=2.0), import_price=[...])` is a whole question to the
optimiser; an asset without a state of its own gets an ordinary one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.hems.core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    BatteryState,
    Building,
    ComfortBand,
    EvCharger,
    EvChargerState,
    EvSession,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HeatPumpState,
    Horizon,
    HotWater,
    HotWaterState,
    HybridInverter,
    HybridInverterState,
    PlanRequest,
    Pv,
    PvState,
    Series,
    Site,
    SolverOptions,
    Tariff,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday at midnight."""

type Values = float | Sequence[float]
"""One number for the whole time, or one per step."""


def hours(count: float, start: datetime = START) -> datetime:
    """`count` hours after `start`."""
    return start + timedelta(hours=count)


def a_horizon(steps: int = 24, step_min: int = 60, start: datetime = START) -> Horizon:
    return Horizon.even(start, timedelta(minutes=step_min), steps)


def a_series(values: Values, horizon: Horizon | None = None) -> Series:
    """Over `horizon` (a day of hours if not given): one value throughout, or one per step."""
    horizon = horizon or a_horizon()
    if isinstance(values, int | float):
        return Series.constant(float(values), horizon.start, horizon.end)
    if len(values) != horizon.steps:
        raise ValueError(f"one value per step is needed: {horizon.steps}, got {len(values)}")
    return Series(times=horizon.edges, values=tuple(float(value) for value in values))


def a_site(*assets: Asset, **changes: Any) -> Site:
    fields: dict[str, Any] = {
        "name": "home",
        "time_zone": "Europe/Berlin",
        "max_import_kw": 17.0,
        "max_export_kw": 10.0,
        "assets": assets,
    }
    return Site(**fields | changes)


def a_tariff(
    import_price: Values = 0.30, export_price: Values = 0.08, horizon: Horizon | None = None, **changes: Any
) -> Tariff:
    fields: dict[str, Any] = {
        "currency": "EUR",
        "import_price": a_series(import_price, horizon),
        "export_price": a_series(export_price, horizon),
    }
    return Tariff(**fields | changes)


def a_battery(name: str = "battery", **changes: Any) -> Battery:
    fields: dict[str, Any] = {"capacity_kwh": 10.0, "max_charge_kw": 5.0, "max_discharge_kw": 5.0}
    return Battery(name=name, **fields | changes)


def a_battery_state(energy_kwh: float = 5.0, asset: str = "battery", **changes: Any) -> BatteryState:
    return BatteryState(asset=asset, energy_kwh=energy_kwh, **changes)


def a_hybrid_inverter(name: str = "inverter", **changes: Any) -> HybridInverter:
    return HybridInverter(name=name, **{"max_ac_kw": 5.0, "efficiency": 0.96} | changes)


def a_pv(name: str = "pv", **changes: Any) -> Pv:
    return Pv(name=name, **{"peak_kw": 5.0} | changes)


def a_pv_state(available_kw: Values = 0.0, horizon: Horizon | None = None, asset: str = "pv") -> PvState:
    return PvState(asset=asset, available_kw=a_series(available_kw, horizon))


def an_ev_charger(name: str = "ev_charger", **changes: Any) -> EvCharger:
    return EvCharger(name=name, **changes)


def an_ev_session(arrival: float = 0.0, departure: float = 8.0, start: datetime = START, **changes: Any) -> EvSession:
    """Arrival and departure in hours after `start`."""
    fields: dict[str, Any] = {
        "arrival": hours(arrival, start),
        "departure": hours(departure, start),
        "capacity_kwh": 60.0,
        "energy_kwh": 30.0,
        "target_kwh": 40.0,
    }
    return EvSession(**fields | changes)


def an_ev_charger_state(*sessions: EvSession, asset: str = "ev_charger") -> EvChargerState:
    return EvChargerState(asset=asset, sessions=sessions)


def a_building(**changes: Any) -> Building:
    return Building(**{"heat_loss_kw_per_k": 0.15, "heat_capacity_kwh_per_k": 10.0, "gains_kw": 0.3} | changes)


def a_heat_pump(name: str = "heat_pump", **changes: Any) -> HeatPump:
    fields: dict[str, Any] = {
        "min_electric_kw": 0.6,
        "max_electric_kw": 2.5,
        "building": a_building(),
        "comfort": ComfortBand(min_c=20.0, max_c=23.0),
    }
    return HeatPump(name=name, **fields | changes)


def a_heat_pump_state(indoor_c: float = 21.0, asset: str = "heat_pump") -> HeatPumpState:
    return HeatPumpState(asset=asset, indoor_c=indoor_c)


def a_hot_water(name: str = "hot_water", **changes: Any) -> HotWater:
    return HotWater(name=name, **{"volume_l": 200.0, "max_electric_kw": 2.0} | changes)


def a_hot_water_state(
    tank_c: float = 52.0, draw_kw: Values = 0.1, horizon: Horizon | None = None, asset: str = "hot_water"
) -> HotWaterState:
    return HotWaterState(asset=asset, tank_c=tank_c, draw_kw=a_series(draw_kw, horizon))


def an_appliance(name: str = "appliance", **changes: Any) -> Appliance:
    """A programme of an hour and a half."""
    return Appliance(name=name, **{"profile_kw": (2.0, 2.0, 0.2, 0.2, 1.5, 0.1)} | changes)


def a_run(
    earliest: float = 0.0,
    latest_end: float = 12.0,
    start: datetime = START,
    started: float | None = None,
) -> ApplianceRun:
    """Times in hours after `start`."""
    return ApplianceRun(
        earliest_start=hours(earliest, start),
        latest_end=hours(latest_end, start),
        started=None if started is None else hours(started, start),
    )


def an_appliance_state(*runs: ApplianceRun, asset: str = "appliance") -> ApplianceState:
    return ApplianceState(asset=asset, runs=runs)


def a_flexible_load(name: str = "flexible_load", **changes: Any) -> FlexibleLoad:
    return FlexibleLoad(name=name, **{"power_kw": 0.5, "comfort_price_per_kwh": 0.4} | changes)


def a_flexible_load_state(
    wanted: Values = 1.0, horizon: Horizon | None = None, asset: str = "flexible_load"
) -> FlexibleLoadState:
    return FlexibleLoadState(asset=asset, wanted=a_series(wanted, horizon))


def an_ordinary_state(asset: Asset, horizon: Horizon) -> AssetState:  # noqa: PLR0911  # a table by type
    """The state an asset gets where the test does not care."""
    match asset:
        case Battery():
            return BatteryState(asset=asset.name, energy_kwh=asset.capacity_kwh / 2)
        case HybridInverter():
            return HybridInverterState(asset=asset.name)
        case Pv():
            return a_pv_state(0.0, horizon, asset.name)
        case EvCharger():
            return an_ev_charger_state(asset=asset.name)
        case HeatPump():
            return a_heat_pump_state(asset=asset.name)
        case HotWater():
            return a_hot_water_state(horizon=horizon, asset=asset.name)
        case Appliance():
            return an_appliance_state(asset=asset.name)
        case FlexibleLoad():
            return a_flexible_load_state(horizon=horizon, asset=asset.name)
        case _:
            raise TypeError(f"no ordinary state for {asset!r}")


def a_request(
    *parts: Asset | AssetState,
    horizon: Horizon | None = None,
    import_price: Values = 0.30,
    export_price: Values = 0.08,
    load_kw: Values = 0.0,
    outdoor_c: Values = 5.0,
    site: dict[str, Any] | None = None,
    tariff: dict[str, Any] | None = None,
    **changes: Any,
) -> PlanRequest:
    """A home of the given assets; `site` and `tariff` change fields of these, the rest fields of the request."""
    horizon = horizon or a_horizon()
    assets = [part for part in parts if isinstance(part, Asset)]
    states = {part.asset: part for part in parts if isinstance(part, AssetState)}
    fields: dict[str, Any] = {
        "now": horizon.start,
        "horizon": horizon,
        "site": a_site(*assets, **site or {}),
        "tariff": a_tariff(import_price, export_price, horizon, **tariff or {}),
        "load_kw": a_series(load_kw, horizon),
        "outdoor_c": a_series(outdoor_c, horizon),
        "states": tuple(states.get(asset.name) or an_ordinary_state(asset, horizon) for asset in assets),
        "options": SolverOptions(time_limit_s=20.0, relative_gap=0.0, absolute_gap=1e-4, integer_h=48.0),
    }
    return PlanRequest(**fields | changes)
