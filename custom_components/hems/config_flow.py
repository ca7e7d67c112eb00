"""Setting up a home: connection, contract and engine here, its assets as subentries.

```
user ─┬─ simulated ─────────────────────────────────────────┐
      └─ home ── tariff ── tariff_<kind> ─┬─ engine ────────┼── entry
hassio ─┬─ hassio_first ── user           └─ engine_url ────┘
        └─ hassio_confirm
reconfigure ─┬─ connection
             ├─ tariff ── tariff_<kind>
             ├─ engine ── engine_url
             └─ simulation
```
"""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.util import slugify

from .const import (
    CONF_CURRENCY,
    CONF_ENGINE,
    CONF_ENGINE_KIND,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_GRID,
    CONF_SCENARIOS,
    CONF_SIMULATED,
    CONF_TARIFF,
    CONF_TARIFF_KIND,
    DOMAIN,
    ENGINE_APP,
    ENGINE_EMBEDDED,
    ENGINE_URL,
    TARIFF_ENTITY,
    TARIFF_FIXED,
    TARIFF_TIME_OF_USE,
)
from .flows.engine import (
    EMBEDDED,
    Engine,
    app_engine,
    async_engine_problem,
    async_find_app,
    engine_form,
    engine_url_form,
    token_form,
)
from .flows.example import EXAMPLE_HOME, async_example_assets, async_example_name
from .flows.fields import Form
from .flows.form import async_ask, async_refuse
from .flows.problems import Problem
from .flows.site import connection_form, home_form, simulated_form, simulation_form, tariff_form
from .flows.subentry import flows_of


class HemsConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry is one home. Entries reload by their update listener."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._data: dict[str, Any] = {}
        self._assets: list[ConfigSubentryData] = []
        self._app: Engine | None = None
        self._how: dict[str, Any] = {}
        """How the engine is asked to plan."""

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """A flow for each asset kind."""
        return flows_of(config_entry.data)

    @override
    async def async_step_user(self, user_input: Form | None = None) -> ConfigFlowResult:
        """A real home or a simulated one."""
        return self.async_show_menu(step_id="user", menu_options=["home", "simulated"])

    async def async_step_simulated(self, user_input: Form | None = None) -> ConfigFlowResult:
        """A home that exists only in the computer, complete with its assets."""

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            self._data = {**EXAMPLE_HOME, **data, CONF_CURRENCY: self._currency}
            self._assets = await async_example_assets(self.hass)
            if self._app is not None or await async_engine_problem(self.hass, EMBEDDED):
                return await self._engine_or_ask()
            return await self._finish({CONF_ENGINE: EMBEDDED})

        form = simulated_form(self._currency, self._taken, await async_example_name(self.hass, self._taken))
        return await async_ask(self, form, user_input, None, accept)

    async def async_step_home(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Name, connection and meters of a real home."""

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            identity = {key: data.pop(key) for key in (CONF_NAME, CONF_CURRENCY)}
            self._data = {**identity, CONF_SIMULATED: False, CONF_GRID: data}
            return await self.async_step_tariff()

        form = home_form(self._currency, self._taken, self.hass.config.location_name)
        return await async_ask(self, form, user_input, None, accept)

    async def async_step_connection(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Other limits or meters."""

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            return await self._finish({CONF_GRID: data})

        home = self._get_reconfigure_entry().data
        form = connection_form(self._currency, simulated=home[CONF_SIMULATED])
        return await async_ask(self, form, user_input, home[CONF_GRID], accept)

    async def async_step_simulation(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Another speed."""
        home = self._get_reconfigure_entry().data
        return await async_ask(self, simulation_form(self._currency), user_input, home, self._finish)

    async def async_step_tariff(self, _user_input: Form | None = None) -> ConfigFlowResult:
        """Which sort of contract."""
        kinds = (TARIFF_FIXED, TARIFF_TIME_OF_USE, TARIFF_ENTITY)
        return self.async_show_menu(step_id="tariff", menu_options=[f"tariff_{kind}" for kind in kinds])

    async def async_step_tariff_fixed(self, user_input: Form | None = None) -> ConfigFlowResult:
        """The same price at all times."""
        return await self._ask_tariff(TARIFF_FIXED, user_input)

    async def async_step_tariff_time_of_use(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Prices by time of day."""
        return await self._ask_tariff(TARIFF_TIME_OF_USE, user_input)

    async def async_step_tariff_entity(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Prices that an entity publishes."""
        return await self._ask_tariff(TARIFF_ENTITY, user_input)

    async def async_step_engine(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Where plans are made."""
        form = engine_form(self.hass, self._currency)

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            self._how = {CONF_SCENARIOS: data.pop(CONF_SCENARIOS)} if CONF_SCENARIOS in data else {}
            if data[CONF_ENGINE_KIND] == ENGINE_URL:
                return await self.async_step_engine_url()
            engine = EMBEDDED if data[CONF_ENGINE_KIND] == ENGINE_EMBEDDED else await async_find_app(self.hass)
            error = await async_engine_problem(self.hass, engine) if engine else "app_not_found"
            if engine is None or error is not None:
                return await async_refuse(self, form, user_input or {}, Problem(error or "", CONF_ENGINE_KIND))
            return await self._finish({CONF_ENGINE: engine, **self._how})

        stored = self._stored(CONF_ENGINE)
        current = stored and {CONF_SCENARIOS: self._get_reconfigure_entry().data.get(CONF_SCENARIOS, 1), **stored}
        return await async_ask(self, form, user_input, current, accept)

    async def async_step_engine_url(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Address and token of an engine of one's own."""
        form = engine_url_form(self._currency)

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            engine = {CONF_ENGINE_KIND: ENGINE_URL, **data}
            if error := await async_engine_problem(self.hass, engine):
                field = CONF_ENGINE_TOKEN if error == "invalid_auth" else CONF_ENGINE_URL
                return await async_refuse(self, form, data, Problem(error, field))
            return await self._finish({CONF_ENGINE: engine, **self._how})

        return await async_ask(self, form, user_input, self._stored(CONF_ENGINE), accept)

    async def async_step_reconfigure(self, _user_input: Form | None = None) -> ConfigFlowResult:
        """What is to be changed."""
        simulated = self._get_reconfigure_entry().data[CONF_SIMULATED]
        options = ["connection", "tariff", "engine", *(["simulation"] if simulated else [])]
        return self.async_show_menu(step_id="reconfigure", menu_options=options)

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The engine no longer takes our token."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Another token."""
        entry = self._get_reauth_entry()
        form = token_form(self._currency)

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            engine = {**entry.data[CONF_ENGINE], **data}
            if error := await async_engine_problem(self.hass, engine):
                return await async_refuse(self, form, data, Problem(error, CONF_ENGINE_TOKEN))
            return self.async_update_and_abort(entry, data_updates={CONF_ENGINE: engine})

        return await async_ask(self, form, user_input, None, accept)

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

    async def _ask_tariff(self, kind: str, user_input: Form | None) -> ConfigFlowResult:
        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            tariff = {CONF_TARIFF: {CONF_TARIFF_KIND: kind, **data}}
            if self.source == SOURCE_RECONFIGURE:
                return await self._finish(tariff)
            self._data |= tariff
            return await self._engine_or_ask()

        current = self._stored(CONF_TARIFF)
        same = current if current and current[CONF_TARIFF_KIND] == kind else None
        return await async_ask(self, tariff_form(kind, self._currency), user_input, same, accept)

    async def _engine_or_ask(self) -> ConfigFlowResult:
        """The discovered app if that is how we came here."""
        return await self._finish({CONF_ENGINE: self._app}) if self._app else await self.async_step_engine()

    async def _finish(self, updates: dict[str, Any]) -> ConfigFlowResult:
        """Store a new home, or what has changed of one."""
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(self._get_reconfigure_entry(), data_updates=updates)
        name = self._data[CONF_NAME]
        await self.async_set_unique_id(slugify(name), raise_on_progress=False)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=name, data={**self._data, **updates}, subentries=self._assets)

    async def _app_errors(self) -> dict[str, str]:
        error = await async_engine_problem(self.hass, self._app) if self._app else "app_not_found"
        return {"base": error} if error else {}

    def _use_app(self, homes: Iterable[ConfigEntry]) -> None:
        for entry in homes:
            self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_ENGINE: self._app})

    def _stored(self, key: str) -> Mapping[str, Any] | None:
        """That part of the home that is being reconfigured; None for a new home."""
        return self._get_reconfigure_entry().data[key] if self.source == SOURCE_RECONFIGURE else None

    @property
    def _currency(self) -> str:
        if self.source == SOURCE_RECONFIGURE:
            return str(self._get_reconfigure_entry().data[CONF_CURRENCY])
        return str(self._data.get(CONF_CURRENCY, self.hass.config.currency))

    @property
    def _taken(self) -> frozenset[str]:
        """Unique ids of the homes that exist."""
        entries = self._async_current_entries(include_ignore=False)
        return frozenset(entry.unique_id for entry in entries if entry.unique_id)
