"""The state of each asset kind, from its reading, the outlook and the household's wishes."""

from ..core.forecast import Panel, draw_forecast, pv_forecast
from ..core.model import (
    Appliance,
    ApplianceRun,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    BatteryState,
    EvCharger,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HeatPumpState,
    HotWater,
    HotWaterState,
    HybridInverter,
    HybridInverterState,
    Pv,
    PvState,
    Series,
    SocTarget,
)
from ..home import Panels
from ..runs import LATE
from ..runtime import AssetReading
from .asked import Asked, NoStateError, times_of_day
from .cars import ev_charger_state
from .situation import Findings, Situation

LONGEST_DAY_H = 25.0


def state_of(asset: Asset, situation: Situation, findings: Findings) -> AssetState:  # noqa: PLR0911  # one per kind
    """What a plan must know about an asset now.

    Raises:
        NoStateError: something without which it cannot be planned is missing.
        ValueError: a measurement that cannot be.
    """
    asked = Asked(
        asset=asset,
        reading=situation.live.assets.get(asset.name) or AssetReading(),
        settings=situation.wishes.settings.assets[asset.name],
        situation=situation,
        findings=findings,
    )
    match asset:
        case Pv():
            return _pv(asset, asked)
        case Battery():
            return _battery(asset, asked)
        case EvCharger():
            return ev_charger_state(asset, asked)
        case HybridInverter():
            return HybridInverterState(asset=asset.name)
        case HeatPump():
            return _heat_pump(asked)
        case HotWater():
            return _hot_water(asked)
        case Appliance():
            return _appliance(asset, asked)
        case FlexibleLoad():
            given_h = min(asked.reading.past.given_h_today or 0.0, LONGEST_DAY_H)
            return FlexibleLoadState(asset=asset.name, wanted=_wanted(asked), given_h_today=given_h)
        case _:
            raise NoStateError(asset.name, "this version does not plan assets of this kind")


def _pv(asset: Pv, asked: Asked) -> PvState:
    situation, horizon = asked.situation, asked.situation.horizon
    stands = situation.home.panels.get(asset.name) or Panels()
    panel = Panel(
        latitude=situation.latitude,
        longitude=situation.longitude,
        tilt_deg=stands.tilt_deg,
        azimuth_deg=stands.azimuth_deg,
        peak_kw=asset.peak_kw,
    )
    provider = situation.outlook.pv_kw.get(asset.name)
    found = pv_forecast(provider, panel, horizon.start, horizon.end, f"{asset.name}.available_kw")
    return PvState(asset=asset.name, available_kw=asked.findings.take(found))


def _heat_pump(asked: Asked) -> HeatPumpState:
    past = asked.reading.past
    return HeatPumpState(
        asset=asked.asset.name, indoor_c=_temperature_c(asked), mass_c=past.mass_c, on=past.on, since=past.since
    )


def _hot_water(asked: Asked) -> HotWaterState:
    past = asked.reading.past
    return HotWaterState(
        asset=asked.asset.name,
        tank_c=_temperature_c(asked),
        draw_kw=_draw_kw(asked),
        on=past.on,
        since=past.since,
        last_disinfected=past.last_disinfected,
        hot_since=past.hot_since,
    )


def _battery(asset: Battery, asked: Asked) -> BatteryState:
    reading = asked.reading
    energy_kwh = reading.energy_kwh
    if energy_kwh is None and reading.soc is not None:
        energy_kwh = reading.soc * asset.capacity_kwh
    if energy_kwh is None:
        raise NoStateError(f"{asset.name}.energy_kwh", "unknown: left out of the plan and held safe")
    return BatteryState(
        asset=asset.name, energy_kwh=min(energy_kwh, asset.capacity_kwh), targets=_targets(asset, asked.situation)
    )


def _targets(asset: Battery, situation: Situation) -> tuple[SocTarget, ...]:
    """What is wanted each day, as often as it lies in the horizon."""
    target, horizon = situation.home.daily_targets.get(asset.name), situation.horizon
    if target is None:
        return ()
    moments = times_of_day(horizon.start, target.clock, situation.home.site.time_zone)
    return tuple(SocTarget(by=moment, soc=target.soc) for moment in moments if horizon.start < moment <= horizon.end)


def _temperature_c(asked: Asked) -> float:
    if asked.reading.temperature_c is None:
        raise NoStateError(f"{asked.asset.name}.temperature_c", "unknown: left out of the plan and held safe")
    return asked.reading.temperature_c


def _draw_kw(asked: Asked) -> Series:
    name, situation = asked.asset.name, asked.situation
    drawn = situation.outlook.draw_kw.get(name)
    usual = draw_forecast(
        situation.home.daily_hot_water_kwh.get(name, 0.0),
        situation.horizon.start,
        situation.horizon.end,
        situation.home.site.time_zone,
    )
    # Without a source of its own the daily use is what was configured, which is no defect.
    return (
        usual if drawn is None else asked.findings.completed(f"{name}.draw_kw", drawn, usual, "a usual use is assumed")
    )


def _wanted(asked: Asked) -> Series:
    name, situation = asked.asset.name, asked.situation
    wanted = situation.outlook.wanted.get(name)
    # Without a schedule it is wanted all the time: its comfort price says when it may be off.
    if wanted is None:
        return situation.constant(1.0)
    return asked.findings.completed(f"{name}.wanted", wanted, situation.constant(1.0), "always wanted is assumed")


def _appliance(asset: Appliance, asked: Asked) -> ApplianceState:
    situation = asked.situation
    now = situation.horizon.start
    asked_for = situation.wishes.runs.get(asset.name)
    known = (*((asked_for,) if asked_for else ()), *situation.outlook.runs.get(asset.name, ()))
    runs: list[ApplianceRun] = []
    for run in known:
        # Two wishes for one machine at one time are one run; the household's own word comes first.
        if any(_meet(run, other) for other in runs):
            continue
        if run.started is not None or run.latest_end - max(run.earliest_start, now) >= asset.duration:
            runs.append(run)
        elif run.latest_end > now:
            asked.findings.degraded(f"{asset.name}.run", "too late for its window: starts as soon as possible")
            runs.append(ApplianceRun(earliest_start=now, latest_end=now + asset.duration + LATE))
    return ApplianceState(asset=asset.name, runs=tuple(runs))


def _meet(one: ApplianceRun, other: ApplianceRun) -> bool:
    return one.earliest_start < other.latest_end and other.earliest_start < one.latest_end
