"""Names that are proposed, in the language of Home Assistant."""

from collections.abc import Callable
from itertools import chain, count

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN


async def async_word(hass: HomeAssistant, category: str, path: str) -> str:
    """One translation; the last part of its path where there is none."""
    words = await async_get_translations(hass, hass.config.language, category, {DOMAIN})
    return words.get(f"component.{DOMAIN}.{category}.{path}", path.rpartition(".")[2])


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """The name, with a number after it if it is taken."""
    numbered = (f"{name} {number}" for number in count(2))
    return next(free for free in chain([name], numbered) if not taken(free))
