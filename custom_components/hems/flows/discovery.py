"""What Home Assistant finds by itself: the HEMS Engine app, and a stack on this machine.

```
hassio ─┬─ hassio_first ── user
        └─ hassio_confirm
mqtt ─┬─ mqtt_first ── user
      └─ mqtt_confirm
```
"""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from ..const import CONF_ENGINE, CONF_ENGINE_KIND, CONF_EXCHANGE, CONF_HOME_ID, CONF_PUBLISH, ENGINE_APP
from ..core.exchange import ExchangeError, read_announcement
from .engine import Engine, app_engine, async_engine_problem
from .exchange import async_home_id, publishing_as
from .fields import Form


class DiscoveredFlow(ConfigFlow):
    """The steps from a discovery to the homes that exist, or to the first one."""

    def __init__(self) -> None:
        """Nothing is found yet."""
        self._data: dict[str, Any] = {}
        """Of a new home."""
        self._app: Engine | None = None
        self._home_id: str | None = None
        """That a stack has announced."""

    @override
    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """The HEMS Engine app has started.

        Homes that already use it follow it to its address and token. The entry of a home never gets the
        app's uuid as unique id: the Supervisor removes such entries when the app is uninstalled.
        """
        self._app = app_engine(discovery_info.config)
        if self._app is None:
            return self.async_abort(reason="invalid_discovery")
        await self.async_set_unique_id(discovery_info.uuid)
        self._abort_if_unique_id_configured()
        homes = self._async_current_entries(include_ignore=False)
        followers = [entry for entry in homes if entry.data[CONF_ENGINE][CONF_ENGINE_KIND] == ENGINE_APP]
        self._use_app(followers)
        if followers:
            return self.async_abort(reason="already_configured")
        self.context["title_placeholders"] = {CONF_NAME: discovery_info.name}
        return await (self.async_step_hassio_confirm() if homes else self.async_step_hassio_first())

    async def async_step_hassio_confirm(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Shall the homes that exist plan with the app from now on?"""
        homes = self._async_current_entries(include_ignore=False)
        errors = await self._app_errors() if user_input is not None else {}
        if user_input is None or errors:
            names = ", ".join(entry.title for entry in homes)
            return self.async_show_form(
                step_id="hassio_confirm", errors=errors, description_placeholders={"homes": names}
            )
        self._use_app(homes)
        return self.async_abort(reason="engine_changed")

    async def async_step_hassio_first(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Shall a first home be set up with the app?"""
        errors = await self._app_errors() if user_input is not None else {}
        if user_input is None or errors:
            return self.async_show_form(step_id="hassio_first", errors=errors)
        return await self.async_step_user()

    @override
    async def async_step_mqtt(self, discovery_info: MqttServiceInfo) -> ConfigFlowResult:
        """A stack on this machine has said that it is there."""
        try:
            self._home_id = read_announcement(discovery_info.payload).home
        except ExchangeError:
            return self.async_abort(reason="invalid_discovery")
        await self.async_set_unique_id(f"stack-{self._home_id}")
        self._abort_if_unique_id_configured()
        homes = self._async_current_entries(include_ignore=False)
        if self._home_id in {publishes_as(entry) for entry in homes}:
            return self.async_abort(reason="already_configured")
        self.context["title_placeholders"] = {CONF_NAME: f"HEMS stack {self._home_id}"}
        return await (self.async_step_mqtt_confirm() if homes else self.async_step_mqtt_first())

    async def async_step_mqtt_confirm(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Shall the home be recorded by the stack, and take part in the events that reach it?"""
        # One stack is one home: the first that does not publish yet.
        homes = self._async_current_entries(include_ignore=False)
        home = next((entry for entry in homes if publishes_as(entry) is None), None)
        if home is None or self._home_id is None:
            return self.async_abort(reason="already_configured")
        if user_input is None:
            return self.async_show_form(
                step_id="mqtt_confirm", description_placeholders={"home": home.title, "home_id": self._home_id}
            )
        self.hass.config_entries.async_update_entry(
            home, data={**home.data, CONF_EXCHANGE: publishing_as(self._home_id)}
        )
        return self.async_abort(reason="publishing")

    async def async_step_mqtt_first(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Shall a first home be set up that the stack records?"""
        if user_input is None:
            return self.async_show_form(step_id="mqtt_first", description_placeholders={"home_id": self._home_id or ""})
        self._data[CONF_EXCHANGE] = publishing_as(self._home_id or await async_home_id(self.hass))
        return await self.async_step_user()

    async def _app_errors(self) -> dict[str, str]:
        error = await async_engine_problem(self.hass, self._app) if self._app else "app_not_found"
        return {"base": error} if error else {}

    def _use_app(self, homes: Iterable[ConfigEntry]) -> None:
        for entry in homes:
            self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_ENGINE: self._app})


def publishes_as(entry: ConfigEntry) -> str | None:
    """The id under which a home publishes over MQTT; None: it does not."""
    exchange = entry.data.get(CONF_EXCHANGE, {})
    return str(exchange[CONF_HOME_ID]) if exchange.get(CONF_PUBLISH) else None
