"""What is stored of the household's wishes: only what differs from the configuration."""

from dataclasses import fields, replace
import logging

from .abilities import default_settings, wanted_asset
from .core.model import Appliance, Asset
from .home import Home
from .runtime import AssetSettings
from .settings import Wishes

_LOGGER = logging.getLogger(__name__)


def fitting(home: Home, wishes: Wishes) -> Wishes:
    """What was stored, reduced to the assets that there are and completed for those that are new."""
    stored = wishes.settings.assets
    assets = {asset.name: _usable(home, asset, stored.get(asset.name, AssetSettings())) for asset in home.site.assets}
    return Wishes(
        settings=replace(wishes.settings, assets=assets),
        overrides=tuple(entry for entry in wishes.overrides if entry.asset in assets),
        runs={name: run for name, run in wishes.runs.items() if isinstance(home.site.asset(name), Appliance)},
    )


def _usable(home: Home, asset: Asset, stored: AssetSettings) -> AssetSettings:
    """The stored wishes over what the configuration says, unless a new configuration made them impossible."""
    default = default_settings(home, asset)
    settings = _completed(stored, default)
    try:
        wanted_asset(asset, settings)
    except ValueError as error:
        _LOGGER.warning("%s is run as it is configured again: %s", home.titles[asset.name], home.in_words(str(error)))
        return replace(default, automatic=stored.automatic)
    return settings


def deviating(home: Home, wishes: Wishes) -> Wishes:
    """Only what differs from the configuration is stored, so that a later change of the configuration is seen."""
    assets = {
        name: _differences(settings, default_settings(home, home.asset(name)))
        for name, settings in wishes.settings.assets.items()
    }
    return replace(wishes, settings=replace(wishes.settings, assets=assets))


def _completed(settings: AssetSettings, default: AssetSettings) -> AssetSettings:
    return AssetSettings(
        **{
            field.name: getattr(default, field.name)
            if getattr(settings, field.name) is None
            else getattr(settings, field.name)
            for field in fields(AssetSettings)
        }
    )


def _differences(settings: AssetSettings, default: AssetSettings) -> AssetSettings:
    wishes = {
        field.name: getattr(settings, field.name)
        for field in fields(AssetSettings)
        if getattr(settings, field.name) != getattr(default, field.name)
    }
    return AssetSettings(**wishes)
