"""What an asset can be wished to do: its powers, its modes, and itself with the household's wishes in it."""

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from .core.model import Appliance, Asset, Battery, ComfortBand, EvCharger, FlexibleLoad, HeatPump, HotWater, Pv
from .home import Home
from .runtime import AssetReading, AssetSettings

DEFAULT_TARGET_SOC = 0.8
DEFAULT_DEPARTURE = time(7, 30)
DEFAULT_READY_BY = time(7)

MODE_ON = "on"
MODE_OFF = "off"
MODE_CHARGE = "charge"
MODE_DISCHARGE = "discharge"
OVERRIDE_MODES = (MODE_ON, MODE_OFF, MODE_CHARGE, MODE_DISCHARGE)


class PowerTooLow(ValueError):
    """More than nothing, but less than the device runs at."""

    def __init__(self, title: str, power_kw: float, least_kw: float) -> None:
        super().__init__(f"{title}: power_kw must be 0 or at least {least_kw:g}, got {power_kw:g}")
        self.placeholders = {"asset": title, "power": f"{power_kw:g}", "least": f"{least_kw:g}"}


def wanted_asset(asset: Asset, settings: AssetSettings) -> Asset:
    """The asset with the household's wishes in it.

    Raises:
        ValueError: it cannot be run that way.
    """
    match asset:
        case Battery() if settings.reserve_soc is not None:
            # The household's word is the hard reserve; a soft one below it says nothing any more.
            soft_soc = asset.reserve_soc
            kept = soft_soc is not None and soft_soc >= settings.reserve_soc
            return replace(asset, min_soc=settings.reserve_soc, reserve_soc=soft_soc if kept else None)
        case HeatPump() | HotWater():
            return replace(asset, comfort=_wanted_comfort(asset.comfort, settings))
        case EvCharger():
            for field in ("target_soc", "at_once_soc"):
                soc = getattr(settings, field)
                if soc is not None and not 0.0 <= soc <= 1.0:
                    raise ValueError(f"{asset.name}: {field} must be between 0 and 1, got {soc:g}")
            return asset
        case _:
            return asset


def _wanted_comfort(comfort: ComfortBand, settings: AssetSettings) -> ComfortBand:
    """With the household's limits; at night the lower one is the configured one, as far as the upper one allows."""
    low_c = comfort.min_c if settings.comfort_min_c is None else settings.comfort_min_c
    high_c = comfort.max_c if settings.comfort_max_c is None else settings.comfort_max_c
    nights = tuple(replace(night, min_c=min(night.min_c, high_c), max_c=high_c) for night in comfort.periods)
    return replace(comfort, min_c=low_c, max_c=high_c, periods=nights)


def comfort_at(asset: Asset, now: datetime, time_zone: str) -> tuple[float, float] | None:
    """Least and most temperature of what heats; None for anything else."""
    return asset.comfort.limits_c(now, ZoneInfo(time_zone)) if isinstance(asset, HeatPump | HotWater) else None


def observed_asset(asset: Asset, reading: AssetReading | None) -> Asset:
    """The asset as it is seen to behave, which may differ from what was configured."""
    if isinstance(asset, EvCharger) and reading is not None and reading.phases is not None:
        return replace(asset, phases=(reading.phases,))
    return asset


def power_range_kw(asset: Asset) -> tuple[float, float]:
    """What an asset can draw (positive) and feed (negative)."""
    match asset:
        case Battery():
            return -asset.max_discharge_kw, asset.max_charge_kw
        case Pv():
            return -asset.peak_kw, 0.0
        case EvCharger():
            return 0.0 - asset.max_discharge_kw, asset.max_kw(max(asset.phases))
        case HeatPump() | HotWater():
            return 0.0, asset.max_electric_kw
        case FlexibleLoad():
            return 0.0, asset.power_kw
        case Appliance():
            return 0.0, max(asset.profile_kw)
        case _:
            raise ValueError(f"{asset.name}: HEMS does not command this kind")


def least_kw(asset: Asset) -> float:
    """The least power it runs at; 0 where any power does, and for an appliance, whose programme says what it draws."""
    match asset:
        case EvCharger():
            return asset.min_kw(min(asset.phases))
        case HeatPump():
            return asset.min_electric_kw
        case HotWater():
            return asset.least_electric_kw
        case FlexibleLoad():
            return asset.power_kw
        case _:
            return 0.0


def mode_kw(title: str, asset: Asset, mode: str) -> float:
    """What a mode means for an asset."""
    least_kw, most_kw = power_range_kw(asset)
    if mode == MODE_OFF:
        return 0.0
    if mode == MODE_ON and not isinstance(asset, Battery):
        return most_kw or least_kw
    if mode == MODE_CHARGE and isinstance(asset, Battery | EvCharger):
        return most_kw
    if mode == MODE_DISCHARGE and (isinstance(asset, Battery) or (isinstance(asset, EvCharger) and least_kw < 0.0)):
        return least_kw
    raise ValueError(f"{title}: mode {mode!r} is not one that it has")


def default_settings(home: Home, asset: Asset) -> AssetSettings:
    """What the configuration says, until the household says otherwise."""
    match asset:
        case Battery():
            return AssetSettings(reserve_soc=asset.min_soc)
        case EvCharger():
            car = home.cars.get(asset.name)
            return AssetSettings(
                target_soc=car.target_soc if car else DEFAULT_TARGET_SOC,
                departure=car.departure if car else DEFAULT_DEPARTURE,
                at_once_soc=car.at_once_soc if car else 0.0,
            )
        case HeatPump() | HotWater():
            return AssetSettings(comfort_min_c=asset.comfort.min_c, comfort_max_c=asset.comfort.max_c)
        case Appliance():
            return AssetSettings(ready_by=DEFAULT_READY_BY)
        case _:
            return AssetSettings()
