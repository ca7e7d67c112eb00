"""What HEMS is about to do, in the household's language."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers import translation

from .const import DOMAIN
from .runtime import NextAction
from .windows import Window

CATEGORY = "common"
PREFIX = f"component.{DOMAIN}.{CATEGORY}."


class Words:
    """Sentences of one language, filled with what they speak about."""

    def __init__(self, texts: Mapping[str, str], time_zone: str) -> None:
        """`texts` by key; `time_zone` is the home's."""
        self._texts = texts
        self._zone = ZoneInfo(time_zone)

    def next_action(self, action: NextAction, title: str) -> str:
        """For example `Home battery charges with 2.5 kW at 13:00, because energy is cheap then`."""
        what = self._filled(f"next_{action.action}", "next_start", title, action.power_kw, action.at)
        why = self._texts.get(f"reason_{action.reason}")
        return self._texts["what_and_why"].format(what=what, why=why) if why else what

    def window(self, window: Window, title: str) -> str:
        """For example `Home battery charges with 2.5 kW`, and that somebody asked for it."""
        what = self._filled(f"window_{window.activity}", "window_run", title, window.mean_kw, window.start)
        if not window.asked:
            return what
        return self._texts["what_and_why"].format(what=what, why=self._texts["reason_override"])

    def _filled(self, key: str, otherwise: str, title: str, power_kw: float, at: datetime) -> str:
        template = self._texts.get(key, self._texts[otherwise])
        return template.format(asset=title, power=f"{abs(power_kw):.1f}", time=f"{at.astimezone(self._zone):%H:%M}")


async def async_words(hass: HomeAssistant, time_zone: str) -> Words:
    """The sentences in the language of this Home Assistant; English where they are not translated."""
    texts = await translation.async_get_translations(hass, hass.config.language, CATEGORY, {DOMAIN})
    return Words({key.removeprefix(PREFIX): text for key, text in texts.items() if key.startswith(PREFIX)}, time_zone)
