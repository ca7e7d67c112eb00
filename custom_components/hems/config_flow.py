"""Setting up a home: connection, contract and engine here, its assets as subentries.

```
user ─┬─ simulated ─────────────────────────────────────────┐
      └─ home ── tariff ── tariff_<kind> ─┬─ engine ────────┼── entry
                                          └─ engine_url ────┘
reconfigure ─┬─ connection
             ├─ exchange
             ├─ tariff ── tariff_<kind>
             ├─ engine ── engine_url
             └─ simulation
```

How a discovery leads here stands in flows/discovery.py.
"""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.util import slugify

from .const import (
    CONF_CURRENCY,
    CONF_ENGINE,
    CONF_ENGINE_KIND,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_EXCHANGE,
    CONF_GRID,
    CONF_HOME_ID,
    CONF_PUBLISH,
    CONF_SCENARIOS,
    CONF_SIMULATED,
    CONF_TARIFF,
    CONF_TARIFF_KIND,
    DOMAIN,
    ENGINE_EMBEDDED,
    ENGINE_STACK,
    ENGINE_URL,
    TARIFF_ENTITY,
    TARIFF_FIXED,
    TARIFF_TIME_OF_USE,
)
from .flows.discovery import DiscoveredFlow, publishes_as
from .flows.engine import (
    EMBEDDED,
    Engine,
    async_engine_problem,
    async_find_app,
    engine_form,
    engine_url_form,
    token_form,
)
from .flows.example import EXAMPLE_HOME, async_example_assets, async_example_name
from .flows.exchange import async_home_id, async_stack_engine, exchange_form, publishing_as
from .flows.fields import Form
from .flows.form import async_ask, async_refuse
from .flows.problems import Problem
from .flows.site import connection_form, home_form, simulated_form, simulation_form, tariff_form
from .flows.subentry import flows_of


class HemsConfigFlow(DiscoveredFlow, domain=DOMAIN):
    """One entry is one home. Entries reload by their update listener."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._assets: list[ConfigSubentryData] = []
        self._stack: Engine | None = None
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
            self._data |= {**EXAMPLE_HOME, **data, CONF_CURRENCY: self._currency}
            self._assets = await async_example_assets(self.hass)
            stack = await async_stack_engine(self.hass)
            if stack is not None and await async_engine_problem(self.hass, stack) is None:
                return await self._finish({CONF_ENGINE: stack})
            if self._app is not None or await async_engine_problem(self.hass, EMBEDDED):
                return await self._engine_or_ask()
            return await self._finish({CONF_ENGINE: EMBEDDED})

        form = simulated_form(self._currency, self._taken, await async_example_name(self.hass, self._taken))
        return await async_ask(self, form, user_input, None, accept)

    async def async_step_home(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Name, connection and meters of a real home."""

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            identity = {key: data.pop(key) for key in (CONF_NAME, CONF_CURRENCY)}
            self._data |= {**identity, CONF_SIMULATED: False, CONF_GRID: data}
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
        self._stack = await async_stack_engine(self.hass)
        form = engine_form(self.hass, self._currency, stack=self._stack is not None)

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            self._how = {CONF_SCENARIOS: data.pop(CONF_SCENARIOS)} if CONF_SCENARIOS in data else {}
            if data[CONF_ENGINE_KIND] == ENGINE_URL:
                return await self.async_step_engine_url()
            if data[CONF_ENGINE_KIND] == ENGINE_STACK:
                engine = self._stack
            else:
                engine = EMBEDDED if data[CONF_ENGINE_KIND] == ENGINE_EMBEDDED else await async_find_app(self.hass)
            error = await async_engine_problem(self.hass, engine) if engine else "app_not_found"
            if engine is None or error is not None:
                return await async_refuse(self, form, user_input or {}, Problem(error or "", CONF_ENGINE_KIND))
            return await self._finish({CONF_ENGINE: engine, **self._how})

        stored = self._stored(CONF_ENGINE)
        current = stored and {CONF_SCENARIOS: self._get_reconfigure_entry().data.get(CONF_SCENARIOS, 1), **stored}
        if current and self._stack and current.get(CONF_ENGINE_URL) == self._stack[CONF_ENGINE_URL]:
            current = {**current, CONF_ENGINE_KIND: ENGINE_STACK}
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
        options = ["connection", "tariff", "engine", "exchange", *(["simulation"] if simulated else [])]
        return self.async_show_menu(step_id="reconfigure", menu_options=options)

    async def async_step_exchange(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Whether and how the home publishes over MQTT."""

        async def accept(data: dict[str, Any]) -> ConfigFlowResult:
            others = (entry for entry in self._async_current_entries() if entry is not self._get_reconfigure_entry())
            if data.get(CONF_PUBLISH) and data[CONF_HOME_ID] in {publishes_as(entry) for entry in others}:
                return await async_refuse(self, form, data, Problem("home_id_taken", CONF_HOME_ID))
            return await self._finish({CONF_EXCHANGE: data})

        form = exchange_form(self._currency)
        current = self._get_reconfigure_entry().data.get(CONF_EXCHANGE)
        if current is None:
            current = {**publishing_as(await async_home_id(self.hass)), CONF_PUBLISH: False}
        return await async_ask(self, form, user_input, current, accept)

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
