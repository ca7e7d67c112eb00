"""balena's Supervisor on the device: the one who may restart a service.

https://docs.balena.io/reference/supervisor/supervisor-api/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
import logging
from typing import Protocol
from urllib.parse import urlencode

import urllib3

_LOGGER = logging.getLogger(__name__)
TIMEOUT_S = 20.0


class Restarter(Protocol):
    """Who can restart a service of the stack."""

    def restart(self, service: str) -> str:
        """Ask for it; empty when it was taken, else why not."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """On plain docker nobody may: the daemon's socket would be the whole machine."""

    def restart(self, service: str) -> str:
        """Say what a person can do."""
        return f"only balena's Supervisor restarts services; here: docker compose restart {service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """The key travels in the query, so no URL of it is ever logged or told."""

    address: str
    key: str = field(repr=False)
    application: str

    def restart(self, service: str) -> str:
        """Ask for it; a lock on updates does not keep a sick service sick."""
        query = urlencode({"apikey": self.key})
        url = f"{self.address}/v2/applications/{self.application}/restart-service?{query}"
        body = json.dumps({"serviceName": service, "force": True})
        try:
            with urllib3.PoolManager(timeout=TIMEOUT_S, retries=False) as pool:
                answer = pool.request("POST", url, body=body, headers={"Content-Type": "application/json"})
        except urllib3.exceptions.HTTPError as error:
            return f"the Supervisor cannot be reached ({type(error).__name__})"
        return "" if answer.status < 400 else f"the Supervisor answers {answer.status}"


def restarter_of(variables: Mapping[str, str]) -> Restarter:
    """The Supervisor where balena gives its address and key, else nobody."""
    address = variables.get("BALENA_SUPERVISOR_ADDRESS", "").rstrip("/")
    key, application = variables.get("BALENA_SUPERVISOR_API_KEY", ""), variables.get("BALENA_APP_ID", "")
    if not (address and key and application):
        return Nobody()
    return Supervisor(address=address, key=key, application=application)
