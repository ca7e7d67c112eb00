"""Where plans are made: found and tried before it is stored."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohasupervisor import SupervisorError
from homeassistant.components.hassio import get_supervisor_client
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.hassio import is_hassio
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from yarl import URL

from .. import engine_process
from ..const import (
    CONF_ENGINE_KIND,
    CONF_ENGINE_TOKEN,
    CONF_ENGINE_URL,
    CONF_SCENARIOS,
    DOMAIN,
    ENGINE_APP,
    ENGINE_EMBEDDED,
    ENGINE_STACK,
    ENGINE_URL,
)
from ..engine_client import EngineClient, EngineError, EngineIncompatible, EngineTimeout, EngineUnauthorized
from ..home import SCENARIO_COUNTS
from .fields import ADVANCED, Field
from .form import FormStep
from .problems import Problem

type Engine = dict[str, Any]
EMBEDDED: Engine = {CONF_ENGINE_KIND: ENGINE_EMBEDDED}


def _secret(key: str, *, required: bool = False) -> Field:
    config = TextSelectorConfig(type=TextSelectorType.PASSWORD)
    return Field(key=key, selector=lambda _: TextSelector(config), required=required)


def _address(key: str) -> Field:
    config = TextSelectorConfig(type=TextSelectorType.URL)
    return Field(key=key, selector=lambda _: TextSelector(config), required=True)


URL_FORM_FIELDS = (_address(CONF_ENGINE_URL), _secret(CONF_ENGINE_TOKEN))
TOKEN_FORM_FIELDS = (_secret(CONF_ENGINE_TOKEN, required=True),)


def _scenarios() -> Field:
    options = [str(count) for count in SCENARIO_COUNTS]
    config = SelectSelectorConfig(options=options, translation_key=CONF_SCENARIOS, mode=SelectSelectorMode.LIST)
    return Field(
        key=CONF_SCENARIOS,
        selector=lambda _: SelectSelector(config),
        default=5,
        section=ADVANCED,
        to_stored=int,
        to_shown=str,
    )


SCENARIOS = _scenarios()


def engine_form(hass: HomeAssistant, currency: str, *, stack: bool = False) -> FormStep:
    """Which of the engines; the app only where apps exist, that of a stack only inside one."""
    near = [*([ENGINE_STACK] if stack else []), *([ENGINE_APP] if is_hassio(hass) else [])]
    kinds = [*near, ENGINE_EMBEDDED, ENGINE_URL] if stack else [ENGINE_EMBEDDED, *near, ENGINE_URL]
    config = SelectSelectorConfig(options=kinds, translation_key="engine", mode=SelectSelectorMode.LIST)
    default = near[0] if near else ENGINE_EMBEDDED
    kind = Field(key=CONF_ENGINE_KIND, selector=lambda _: SelectSelector(config), required=True, default=default)
    return _form("engine", (kind, SCENARIOS), currency)


def engine_url_form(currency: str) -> FormStep:
    """An engine of one's own."""

    def check(data: Mapping[str, Any]) -> Problem | None:
        return None if _usable(data[CONF_ENGINE_URL]) else Problem("invalid_url", CONF_ENGINE_URL)

    return _form("engine_url", URL_FORM_FIELDS, currency, check)


def token_form(currency: str) -> FormStep:
    """Another token for an engine that refused the old one."""
    return _form("reauth_confirm", TOKEN_FORM_FIELDS, currency)


def app_engine(discovered: Mapping[str, Any]) -> Engine | None:
    """The engine that the app announced; None if the announcement makes no sense."""
    host, port, token = (discovered.get(key) for key in ("host", "port", "token"))
    if not isinstance(host, str) or not host or not isinstance(port, int) or not isinstance(token, str) or not token:
        return None
    url = str(URL.build(scheme="http", host=host, port=port))
    return {CONF_ENGINE_KIND: ENGINE_APP, CONF_ENGINE_URL: url, CONF_ENGINE_TOKEN: token}


async def async_find_app(hass: HomeAssistant) -> Engine | None:
    """The app's engine as the Supervisor knows it; None if the app is not installed or has not started yet."""
    try:
        announced = await get_supervisor_client(hass).discovery.list()
    except SupervisorError:
        return None
    return next((app_engine(message.config) for message in announced if message.service == DOMAIN), None)


async def async_engine_problem(hass: HomeAssistant, engine: Engine) -> str | None:
    """Try the engine; the error's translation key, or None if it answers and understands us."""
    if engine[CONF_ENGINE_KIND] == ENGINE_EMBEDDED:
        return None if await hass.async_add_executor_job(engine_process.available) else "embedded_unavailable"
    client = EngineClient(async_get_clientsession(hass), engine[CONF_ENGINE_URL], engine.get(CONF_ENGINE_TOKEN))
    try:
        await client.health()
    except EngineUnauthorized:
        return "invalid_auth"
    except EngineTimeout:
        return "timeout"
    except EngineIncompatible:
        return "incompatible"
    except EngineError:
        return "cannot_connect"
    return None


def _usable(address: str) -> bool:
    try:
        url = URL(address)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _form(
    step_id: str,
    fields: tuple[Field, ...],
    currency: str,
    check: Callable[[Mapping[str, Any]], Problem | None] = lambda _: None,
) -> FormStep:
    return FormStep(step_id=step_id, strings=f"config.step.{step_id}", fields=fields, currency=currency, check=check)
