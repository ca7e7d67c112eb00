"""The commands to one device: one at a time, only on change, the newest wins."""

import asyncio
import logging

from homeassistant.core import HomeAssistant, callback

from .core.dispatch import Setpoint
from .core.model import Source
from .devices import Applied, CommandResult, HomeDevices, Refused
from .runtime import HemsConfigEntry

_LOGGER = logging.getLogger(__name__)

DEADBAND_KW = 0.01
"""No device resolves its power finer than this; smaller changes are not worth a command."""
RETRY_S = 10.0
"""A device that refused is asked again after this long, and at once when a person asks."""
TIMEOUT_S = 10.0
"""A command that takes longer counts as refused."""


class CommandLine:
    """Keeps one device at its setpoint without ever holding up anybody else."""

    def __init__(self, hass: HomeAssistant, entry: HemsConfigEntry, devices: HomeDevices, title: str) -> None:
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._title = title
        self._wanted: Setpoint | None = None
        self._comfort_c: tuple[float, float] | None = None
        self._told_comfort_c: tuple[float, float] | None = None
        self._busy: asyncio.Future[None] | None = None
        self._retry_at = 0.0
        self._refused = False
        self.last: CommandResult | None = None
        """How the last command ended."""

    @property
    def commanded_kw(self) -> float | None:
        """What the device was last made to do; None while it is released or never was commanded."""
        return self.last.setpoint.power_kw if isinstance(self.last, Applied) else None

    @callback
    def want(self, setpoint: Setpoint, comfort_c: tuple[float, float] | None = None) -> None:
        """Bring the device to that setpoint as soon as it takes commands; a thermostat is told it as a temperature."""
        self._wanted, self._comfort_c = setpoint, comfort_c
        if self._busy is None and self._is_due(setpoint):
            self._busy = self._hass.loop.create_future()
            self._entry.async_create_background_task(
                self._hass, self._async_run(), f"HEMS command to {self._title}", eager_start=True
            )

    async def async_close(self, release: Setpoint) -> None:
        """Wait for the command under way and release the device if it ever was commanded."""
        self._wanted = None
        if self._busy is not None:
            await self._busy
        if self.last is not None and not (isinstance(self.last, Applied) and self.last.setpoint.power_kw is None):
            await self._async_command(release)

    def _is_due(self, wanted: Setpoint) -> bool:
        if self.last is None:
            # A device that was never touched needs no release.
            return wanted.power_kw is not None
        other_comfort = wanted.power_kw is not None and self._comfort_c != self._told_comfort_c
        changed = other_comfort or _differ(wanted, self.last.setpoint)
        if isinstance(self.last, Applied):
            return changed
        impatient = changed and wanted.source is Source.USER
        return impatient or self._hass.loop.time() >= self._retry_at

    async def _async_run(self) -> None:
        try:
            while (wanted := self._wanted) is not None and self._is_due(wanted):
                await self._async_command(wanted)
        finally:
            busy, self._busy = self._busy, None
            if busy is not None and not busy.done():
                busy.set_result(None)

    async def _async_command(self, setpoint: Setpoint) -> None:
        self._told_comfort_c = self._comfort_c
        try:
            async with asyncio.timeout(TIMEOUT_S):
                self.last = await self._devices.async_apply(setpoint)
        except TimeoutError:
            self.last = Refused(setpoint=setpoint, at=self._devices.now(), reason=f"no answer within {TIMEOUT_S:.0f} s")
        if isinstance(self.last, Refused):
            self._retry_at = self._hass.loop.time() + RETRY_S
        self._log(self.last)

    def _log(self, result: CommandResult) -> None:
        """Once when a device begins to refuse, once when it obeys again."""
        refused = isinstance(result, Refused)
        if isinstance(result, Refused) and not self._refused:
            _LOGGER.warning("%s does not take commands: %s", self._title, result.reason)
        elif self._refused and not refused:
            _LOGGER.info("%s takes commands again", self._title)
        self._refused = refused


def _differ(one: Setpoint, other: Setpoint) -> bool:
    if one.power_kw is None or other.power_kw is None:
        return one.power_kw is not other.power_kw
    if one.phases != other.phases or (one.power_kw == 0.0) != (other.power_kw == 0.0):
        return True
    return abs(one.power_kw - other.power_kw) >= DEADBAND_KW
