"""HEMS: plans PV, battery, car, heat pump, hot water and appliances of a home together, and carries the plan out."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .runtime import HemsConfigEntry

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what exists once, however many homes there are."""
    return True


async def async_setup_entry(hass: HomeAssistant, entry: HemsConfigEntry) -> bool:
    """Begin to run one home."""
    return True


async def async_unload_entry(hass: HomeAssistant, entry: HemsConfigEntry) -> bool:
    """Leave one home to its own devices."""
    return True
