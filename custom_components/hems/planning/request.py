"""The question to the engine, put together."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from ..abilities import observed_asset, power_range_kw, wanted_asset
from ..const import MODE_COMFORT, MODE_SELF_CONSUMPTION
from ..core.demand_response import limits, signals, words
from ..core.forecast import LOAD_MEMORY, load_forecast, scenarios_of, temperature_forecast
from ..core.model import (
    Asset,
    AssetState,
    GridLimit,
    HealthStatus,
    HeatPump,
    Horizon,
    HybridInverter,
    Override,
    PlanRequest,
    PreviousPlan,
    PriceSignal,
    Pv,
    PvState,
    Scenario,
    Series,
    Tariff,
    Weights,
    worst,
)
from ..runtime import AssetReading
from .asked import NoStateError
from .series import raised
from .situation import Findings, Situation
from .states import state_of
from .tariff import published_until, tariff_of

MANUAL_HOLDS = timedelta(hours=1)
"""How long an asset that HEMS does not run is taken to go on as it does now."""
EXCHANGE_PRICE_PER_KWH = 0.05
"""Mode self-consumption: worth more than a usual spread between storing and feeding in."""
NEARLY_FREE = 0.9
"""Of the lowest price, taken off by a level up."""
COMFORT_FACTOR = 5.0
"""Mode comfort: no usual price is worth a cool room."""


def build_request(situation: Situation) -> PlanRequest:
    """Everything that is known, as one request; never fails for what a sensor says.

    Raises:
        ValueError: the configuration itself makes no request.
    """
    findings = Findings(situation.horizon)
    findings.health += situation.live.health
    findings.health += situation.outlook.health
    planned = _planned(situation, findings)
    outdoor_c = _outdoor_c(situation, findings)
    if outdoor_c is None:
        planned = {asset: state for asset, state in planned.items() if not isinstance(asset, HeatPump)}
    names = {asset.name for asset in planned}
    load_kw = _load_kw(situation, findings, names)
    tariff = tariff_of(situation, findings)
    return PlanRequest(
        now=situation.horizon.start,
        horizon=situation.horizon,
        site=replace(situation.home.site, assets=tuple(planned)),
        tariff=tariff,
        load_kw=load_kw,
        outdoor_c=outdoor_c,
        states=tuple(planned.values()),
        scenarios=_scenarios(situation, load_kw, planned.values()),
        previous=_previous(situation),
        prices_known_until=published_until(situation),
        overrides=_overrides(situation, planned),
        limits=_to_come(limits(situation.events), situation.horizon),
        price_signals=_to_come(_signals(situation, tariff), situation.horizon),
        co2_kg_per_kwh=situation.outlook.co2_kg_per_kwh,
        grid_kw=_grid_kw(situation),
        weights=_weights(situation),
        health=tuple(dict.fromkeys(findings.health)),
    )


def _weights(situation: Situation) -> Weights:
    """What the household's mode and contract care about; a kg of CO2 only where it is known how many there are."""
    tariff, weights = situation.home.tariff, weights_of(situation.wishes.settings.mode)
    weights = replace(weights, ramping_price_per_kw=tariff.ramping_price_per_kw)
    if situation.outlook.co2_kg_per_kwh is None:
        return weights
    return replace(weights, co2_price_per_kg=tariff.co2_price_per_kg)


def _grid_kw(situation: Situation) -> float | None:
    """The exchange from which the first step changes; what lies beyond the connection no plan could spare."""
    site, grid_kw = situation.home.site, situation.live.grid_kw
    return None if grid_kw is None else _within(grid_kw, (-site.max_export_kw, site.max_import_kw))


def weights_of(mode: str) -> Weights:
    """What a mode cares about beside the bill."""
    if mode == MODE_SELF_CONSUMPTION:
        return Weights(exchange_price_per_kwh=EXCHANGE_PRICE_PER_KWH)
    if mode == MODE_COMFORT:
        return Weights(comfort=COMFORT_FACTOR)
    return Weights()


def _planned(situation: Situation, findings: Findings) -> dict[Asset, AssetState]:
    """The assets that take part, as the household wants them, with their states."""
    planned: dict[Asset, AssetState] = {}
    for configured in situation.home.site.assets:
        reading = situation.live.assets.get(configured.name) or AssetReading()
        settings = situation.wishes.settings.assets[configured.name]
        findings.health += reading.health
        silent = worst(reading.health) is HealthStatus.ERROR
        if configured.name in situation.home.orphans:
            findings.degraded(f"{configured.name}.inverter", "it was removed: planned as if it had one of its own")
        if isinstance(configured, HybridInverter):
            asset: Asset = configured
        elif isinstance(configured, Pv):
            # The sun shines whether HEMS may curtail the array or not.
            free = configured.curtailable and settings.automatic and not silent
            asset = replace(configured, curtailable=free)
        elif settings.automatic and not silent:
            asset = observed_asset(wanted_asset(configured, settings), reading)
        else:
            continue
        try:
            planned[asset] = state_of(asset, situation, findings)
        except NoStateError as error:
            findings.error(error.source, error.reason)
        except ValueError as error:
            findings.error(asset.name, f"{error}: left out of the plan and held safe")
    return planned


def _scenarios(situation: Situation, load_kw: Series, states: Iterable[AssetState]) -> tuple[Scenario, ...]:
    """As many as the household wants; none where one forecast is enough."""
    count, memory = situation.home.scenarios, situation.outlook.load_memory
    if count == 1:
        return ()
    suns = {state.asset: state.available_kw for state in states if isinstance(state, PvState)}
    return scenarios_of(load_kw, suns, count, load_memory=LOAD_MEMORY if memory is None else memory)


def _previous(situation: Situation) -> PreviousPlan | None:
    """What was planned before, as long as it holds."""
    plan = situation.previous
    if plan is None or plan.expires_at <= situation.horizon.start:
        return None
    edges = plan.horizon.edges
    return PreviousPlan(powers_kw={asset.asset: Series(times=edges, values=asset.power_kw) for asset in plan.assets})


def _outdoor_c(situation: Situation, findings: Findings) -> Series | None:
    """The outdoor temperature; None where nothing is known of it."""
    if not any(isinstance(asset, HeatPump) for asset in situation.home.site.assets):
        return None
    found = temperature_forecast(
        situation.outlook.outdoor_c, None, situation.live.outdoor_c, situation.horizon.start, situation.horizon.end
    )
    return findings.take(found)


def _load_kw(situation: Situation, findings: Findings, planned: set[str]) -> Series:
    """The household's load with the measured power of those assets that are not planned."""
    now, end = situation.horizon.start, situation.horizon.end
    known = situation.outlook.load_kw
    usual, health = load_forecast(None, now, end, situation.home.site.time_zone)
    if known is None:
        findings.health += health
        load_kw = usual
    else:
        load_kw = findings.completed("load_kw", known, usual, "a usual household's day is assumed")
    for name, reading in situation.live.assets.items():
        if name not in planned and reading.power_kw is not None:
            load_kw = raised(load_kw, reading.power_kw, now, now + MANUAL_HOLDS)
    return load_kw


def _overrides(situation: Situation, planned: dict[Asset, AssetState]) -> tuple[Override, ...]:
    """Those that still hold and speak of a planned asset, kept within what the asset can do."""
    assets = {asset.name: asset for asset in planned}
    operators = words(situation.events, situation.reach)
    users = (entry for entry in situation.wishes.overrides if not any(_contradict(entry, word) for word in operators))
    return tuple(
        replace(override, power_kw=_within(override.power_kw, power_range_kw(assets[override.asset])))
        for override in (*operators, *users)
        if override.asset in assets and override.until > situation.horizon.start
    )


def _contradict(one: Override, other: Override) -> bool:
    return one.asset == other.asset and one.overlaps(other)


def _signals(situation: Situation, tariff: Tariff) -> tuple[PriceSignal, ...]:
    """Levels of events as prices: less as if energy cost twice its highest price, more as if it were nearly free."""
    prices = [price for price in tariff.import_price.values if price is not None]
    dear_per_kwh = max(map(abs, prices), default=0.0) or 1.0
    return signals(situation.events, dear_per_kwh, NEARLY_FREE * max(0.0, min(prices, default=0.0)))


def _to_come[T: (GridLimit, PriceSignal)](entries: Iterable[T], horizon: Horizon) -> tuple[T, ...]:
    return tuple(entry for entry in entries if entry.end > horizon.start and entry.start < horizon.end)


def _within(power_kw: float, limits_kw: tuple[float, float]) -> float:
    return min(max(power_kw, limits_kw[0]), limits_kw[1])
