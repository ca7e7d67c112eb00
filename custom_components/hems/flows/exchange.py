"""What a home says over MQTT, and the stack that it may be part of."""

from collections.abc import Mapping
import os
from pathlib import Path
import secrets
from typing import Any

from homeassistant.core import HomeAssistant

from ..const import CONF_ENGINE_KIND, CONF_ENGINE_TOKEN, CONF_ENGINE_URL, CONF_HOME_ID, CONF_INTERVAL_S, CONF_PUBLISH
from ..const import ENGINE_URL as KIND_URL
from ..core.exchange import is_home_id
from ..home import DEFAULT_INTERVAL_S, Reader, parse_exchange
from .fields import flag, number, text
from .form import FormStep
from .problems import Problem

ENGINE_URL_VARIABLE = "HEMS_ENGINE_URL"
ENGINE_TOKEN_VARIABLE = "HEMS_ENGINE_TOKEN_FILE"  # noqa: S105  # the name of a variable that names a file
HOME_ID_VARIABLE = "HEMS_HOME_ID_FILE"

PUBLISH = flag(CONF_PUBLISH, default=True)
HOME_ID = text(CONF_HOME_ID, required=True, to_stored=str.strip)
INTERVAL = number(CONF_INTERVAL_S, "s", required=True, default=DEFAULT_INTERVAL_S)
EXCHANGE = (PUBLISH, HOME_ID, INTERVAL)


def exchange_form(currency: str) -> FormStep:
    """Whether, as whom and how often."""

    def check(data: Mapping[str, Any]) -> Problem | None:
        parse_exchange(Reader("", {**data, CONF_PUBLISH: True}))
        return None

    return FormStep(step_id="exchange", strings="config.step.exchange", fields=EXCHANGE, currency=currency, check=check)


def publishing_as(home_id: str) -> dict[str, Any]:
    """A home that publishes under that id."""
    return {CONF_PUBLISH: True, CONF_HOME_ID: home_id, CONF_INTERVAL_S: DEFAULT_INTERVAL_S}


async def async_home_id(hass: HomeAssistant) -> str:
    """The stack's id of this home, else a new one, made of nothing that says who lives there."""
    return await hass.async_add_executor_job(_home_id)


async def async_stack_engine(hass: HomeAssistant) -> dict[str, Any] | None:
    """The engine of the stack that Home Assistant runs in; None outside a stack."""
    return await hass.async_add_executor_job(stack_engine)


def stack_engine() -> dict[str, Any] | None:
    """Reads the token's file."""
    url = os.environ.get(ENGINE_URL_VARIABLE, "")
    if not url:
        return None
    token = _first_line(os.environ.get(ENGINE_TOKEN_VARIABLE, ""))
    return {CONF_ENGINE_KIND: KIND_URL, CONF_ENGINE_URL: url} | ({CONF_ENGINE_TOKEN: token} if token else {})


def _home_id() -> str:
    known = _first_line(os.environ.get(HOME_ID_VARIABLE, ""))
    return known if known and is_home_id(known) else f"h-{secrets.token_hex(8)}"


def _first_line(path: str) -> str | None:
    """Of a small file of secrets; None where there is none that can be read."""
    if not path:
        return None
    try:
        return Path(path).read_text("utf-8").strip() or None
    except OSError, UnicodeDecodeError:
        return None
