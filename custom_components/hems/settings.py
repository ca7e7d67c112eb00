"""What outlives a restart of Home Assistant: wishes, the last plan, counters, what was learned, the simulated world.

Each is one versioned file of Home Assistant's storage, so none of them burdens the recorder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import json
import logging
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .core.model import ApplianceRun, Override, Plan, PlanRequest
from .core.wire import WireError, decode, to_plain
from .runtime import HemsSettings

_LOGGER = logging.getLogger(__name__)

WISHES = "wishes"
PLAN = "plan"
ACCOUNTS = "accounts"
WORLD = "world"
CHARGED = "charged"
MEMORY = "memory"
PUBLISHED = "published"
VISITS = "visits"
SUN = "sun"
EVENTS = "events"
ABSENCES = "absences"
PARTS = (WISHES, PLAN, ACCOUNTS, WORLD, CHARGED, MEMORY, PUBLISHED, VISITS, SUN, ABSENCES, EVENTS)
"""Every file an entry may have; removing the entry removes them all."""

VERSION = 1
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By old major version: turns what it wrote into what the next version writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the household asked for."""

    settings: HemsSettings = field(default_factory=HemsSettings)
    overrides: tuple[Override, ...] = ()
    runs: Mapping[str, ApplianceRun] = field(default_factory=dict)
    """By appliance: the run that is wanted or under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePlan:
    """The last plan with the request that it answers."""

    plan: Plan
    request: PlanRequest


class _VersionedStore(Store[dict[str, Any]]):
    """Storage that knows how to read what older versions wrote."""

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        for version in range(old_major_version, VERSION):
            old_data = MIGRATIONS[version](old_data)
        return old_data


class Kept[T]:
    """One value of an entry in storage."""

    def __init__(self, hass: HomeAssistant, entry_id: str, part: str, message: type[T]) -> None:
        """`message` is a dataclass that `core.wire` can turn into JSON and back."""
        self._store = _VersionedStore(hass, VERSION, f"{DOMAIN}.{entry_id}.{part}", serialize_in_event_loop=False)
        self._message = message
        self._pending: Callable[[], T] | None = None

    async def async_load(self) -> T | None:
        """The stored value; None if there is none, or if it cannot be read, which is logged."""
        stored = await self._store.async_load()
        if stored is None:
            return None
        try:
            return decode(self._message, json.dumps(stored))
        except WireError as error:
            _LOGGER.warning("Storage %s cannot be used and is started afresh: %s", self._store.key, error)
            return None

    @callback
    def save_within(self, delay_s: float, current: Callable[[], T]) -> None:
        """Write what `current` gives within that time, and before Home Assistant stops; it must be immutable.

        A write that is already due is not put off, so that a stream of changes is written too.
        """
        if self._pending is None:
            self._pending = current
            self._store.async_delay_save(self._take, delay_s)

    async def async_save(self, value: T) -> None:
        """Write now."""
        self._pending = None
        await self._store.async_save(to_plain(value))

    async def async_flush(self) -> None:
        """Write now what was to be written soon."""
        if self._pending is not None:
            await self.async_save(self._pending())

    def _take(self) -> dict[str, Any]:
        """Runs in a worker thread, where turning a long plan into JSON holds nobody up."""
        current, self._pending = self._pending, None
        assert current is not None  # noqa: S101  # the store asks once for each time it was told to save
        plain: dict[str, Any] = to_plain(current())
        return plain


async def async_remove_stores(hass: HomeAssistant, entry_id: str) -> None:
    """Delete all that was kept for an entry."""
    for part in PARTS:
        await _VersionedStore(hass, VERSION, f"{DOMAIN}.{entry_id}.{part}").async_remove()
