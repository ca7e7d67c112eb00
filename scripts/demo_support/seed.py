"""Write the storage of a new Home Assistant, so that it starts with an owner and without a wizard.

Run as a process of its own (`python -m demo_support.seed DIRECTORY PORT`): it uses Home Assistant's own
classes, so what it writes always fits the version that will read it.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
import sys

from homeassistant import auth, config_entries, core
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.components.http.config import HTTP_STORAGE_SCHEMA, HTTPConfigStore
from homeassistant.components.onboarding import STORAGE_KEY, STORAGE_VERSION, OnboardingStorage
from homeassistant.components.onboarding.const import STEPS
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.util import dt as dt_util

CONFIGURATION = """\
# Written by scripts/demo; --fresh writes it anew.
homeassistant:
  name: HEMS demo
  latitude: 52.52
  longitude: 13.405
  elevation: 34
  unit_system: metric
  currency: EUR
  country: DE
  time_zone: Europe/Berlin
  external_url: http://127.0.0.1:{port}
  internal_url: http://127.0.0.1:{port}
  auth_providers:
    # Whoever is on this machine is the owner; nobody else can reach the port.
    - type: trusted_networks
      trusted_networks: [127.0.0.1/32, "::1/128"]
      allow_bypass_login: true
    - type: homeassistant
config:
energy:
frontend:
history:
logbook:
recorder:
  commit_interval: 1
sun:
system_health:
logger:
  default: warning
  logs:
    custom_components.hems: info
"""
TOKEN_FILE = "demo-token"  # noqa: S105  # the name of a file, not a secret


def write_configuration(directory: Path, port: int) -> None:
    """The YAML part, and HEMS itself as a link to this checkout."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    (directory / "configuration.yaml").write_text(CONFIGURATION.format(port=port))
    components = directory / "custom_components"
    components.unlink(missing_ok=True)
    components.symlink_to(Path(__file__).parents[2] / "custom_components")


async def _owner_token(hass: core.HomeAssistant) -> str:
    """An owner without any password, and a token with which the demo itself acts."""
    hass.auth = await auth.auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    owner = await hass.auth.async_create_user("Demo", group_ids=[GROUP_ID_ADMIN])
    refresh = await hass.auth.async_create_refresh_token(
        owner,
        client_name="scripts/demo",
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=3650),
    )
    token = hass.auth.async_create_access_token(refresh)
    await hass.auth._store._store.async_save(hass.auth._store._data_to_save())  # noqa: SLF001  # else saved later
    return token


async def _http(hass: core.HomeAssistant, port: int) -> None:
    """The server's address as a confirmed setting; from YAML it would be a five-minute trial."""
    store = HTTPConfigStore(hass)
    await store.async_load()
    settings = HTTP_STORAGE_SCHEMA({"server_host": ["127.0.0.1"], "server_port": port})
    settings |= {"created_at": dt_util.utcnow().isoformat(), "error": None, "error_message": None}
    store._stable = settings  # noqa: SLF001  # there is no public way before the first start
    store._yaml_migration_done = True  # noqa: SLF001
    await store._async_persist()  # noqa: SLF001


async def seed(directory: Path, port: int) -> None:
    """Write everything; an owner that exists is kept, the port is always set."""
    write_configuration(directory, port)
    hass = core.HomeAssistant(str(directory))
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    device_registry.async_setup(hass)
    await device_registry.async_load(hass)
    await entity_registry.async_load(hass)
    await _http(hass, port)
    token_file = directory / TOKEN_FILE
    if not token_file.exists():
        token = await _owner_token(hass)
        onboarding = OnboardingStorage(hass, STORAGE_VERSION, STORAGE_KEY, private=True)
        await onboarding.async_save({"done": list(STEPS)})
        token_file.touch(mode=0o600)
        token_file.write_text(token)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(seed(Path(sys.argv[1]), int(sys.argv[2])))
