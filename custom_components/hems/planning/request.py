"""The question to the engine, put together."""

from dataclasses import replace
from datetime import timedelta

from ..abilities import observed_asset, power_range_kw, wanted_asset
from ..const import MODE_COMFORT, MODE_SELF_CONSUMPTION
from ..core.forecast import load_forecast, temperature_forecast
from ..core.model import (
    Asset,
    AssetState,
    HealthStatus,
    HeatPump,
    Override,
    PlanRequest,
    Pv,
    Series,
    Weights,
    worst,
)
from ..runtime import AssetReading
from .series import raised
from .situation import Findings, Situation
from .states import NoStateError, state_of
from .tariff import published_until, tariff_of

MANUAL_HOLDS = timedelta(hours=1)
"""How long an asset that HEMS does not run is taken to go on as it does now."""
EXCHANGE_PRICE_PER_KWH = 0.05
"""Mode self-consumption: worth more than a usual spread between storing and feeding in."""
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
    return PlanRequest(
        now=situation.horizon.start,
        horizon=situation.horizon,
        site=replace(situation.home.site, assets=tuple(planned)),
        tariff=tariff_of(situation, findings),
        load_kw=_load_kw(situation, findings, names),
        outdoor_c=outdoor_c,
        states=tuple(planned.values()),
        prices_known_until=published_until(situation),
        overrides=_overrides(situation, planned),
        weights=weights_of(situation.wishes.settings.mode),
        health=tuple(dict.fromkeys(findings.health)),
    )


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
        if isinstance(configured, Pv):
            # The sun shines whether HEMS may curtail the array or not.
            free = configured.curtailable and settings.automatic and not silent
            asset: Asset = replace(configured, curtailable=free)
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
    return tuple(
        replace(override, power_kw=_within(override.power_kw, power_range_kw(assets[override.asset])))
        for override in situation.wishes.overrides
        if override.asset in assets and override.until > situation.horizon.start
    )


def _within(power_kw: float, limits_kw: tuple[float, float]) -> float:
    return min(max(power_kw, limits_kw[0]), limits_kw[1])
