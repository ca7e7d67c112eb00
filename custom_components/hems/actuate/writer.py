"""Carries commands out: only on change, with a time-out, and looks whether the device did it."""

import asyncio
from datetime import datetime

from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..core.dispatch import Setpoint
from ..core.model import Source
from ..devices import Applied, CommandResult, Refused
from ..home import Home
from .calls import Call, Impossible, Nothing, Wanted
from .domains import command_of

TIMEOUT_S = 8.0
"""Of one call; less than what the dispatcher waits."""
SETTLE_S = 0.3
"""How long a device may take to show in its entity what it was told; the next command waits for it."""
LOOK_EVERY_S = 0.1
TRIFLE_KW = 0.05
"""Smaller changes are not written: many inverters keep settings in memory that wears."""


class Writer:
    """Tells each asset's device its setpoint."""

    def __init__(self, hass: HomeAssistant, home: Home) -> None:
        self._hass = hass
        self._home = home
        self._last_kw: dict[str, float | None] = {}
        self.writes: dict[str, int] = {}
        """By asset: how many calls were made; devices keep settings in memory that wears."""

    async def async_apply(self, setpoint: Setpoint, now: datetime) -> CommandResult:
        """Bring the device to the setpoint; every failure of it or its integration is a named refusal."""
        if self._is_trifle(setpoint):
            return Applied(setpoint=setpoint, at=now)
        reason, verified = await self._async_apply(setpoint)
        if reason:
            return Refused(setpoint=setpoint, at=now, reason=reason)
        self._last_kw[setpoint.asset] = setpoint.power_kw
        return Applied(setpoint=setpoint, at=now, verified=verified)

    def _is_trifle(self, setpoint: Setpoint) -> bool:
        """A change that plan or balance make every second and nobody would notice; limits and people are exact."""
        last_kw, power_kw = self._last_kw.get(setpoint.asset), setpoint.power_kw
        if not last_kw or not power_kw or setpoint.source not in (Source.PLAN, Source.FALLBACK):
            return False
        same_way = (last_kw > 0.0) == (power_kw > 0.0)
        return same_way and setpoint.phases is None and abs(power_kw - last_kw) < TRIFLE_KW

    async def _async_apply(self, setpoint: Setpoint) -> tuple[str, bool]:
        """Why it was refused (empty if it was not), and whether the device shows it."""
        asset, binding = self._home.asset(setpoint.asset), self._home.bindings[setpoint.asset]
        if binding.control_entity is None:
            # HEMS only advises here: the household sees the plan and does as it likes.
            return "", True
        state = self._hass.states.get(binding.control_entity)
        if state is None or state.state == STATE_UNAVAILABLE:
            return f"{binding.control_entity} is unavailable", False
        wanted = Wanted(
            setpoint=setpoint,
            asset=asset,
            binding=binding,
            state=state,
            temperature_unit=self._hass.config.units.temperature_unit,
            last_kw=self._last_kw.get(setpoint.asset),
        )
        match command_of(wanted):
            case Impossible(reason=reason):
                return reason, False
            case Nothing():
                return "", True
            case calls:
                return await self._async_call_all(setpoint.asset, calls)

    async def _async_call_all(self, asset: str, calls: tuple[Call, ...]) -> tuple[str, bool]:
        for call in calls:
            if call.seen_in(self._hass.states.get(call.entity_id)):
                continue
            self.writes[asset] = self.writes.get(asset, 0) + 1
            if reason := await self._async_call(call):
                return reason, False
        return "", await self._async_shown(calls)

    async def _async_call(self, call: Call) -> str:
        """Empty, or why it failed."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._hass.services.async_call(
                    call.domain,
                    call.action,
                    {ATTR_ENTITY_ID: call.entity_id, **call.data},
                    blocking=True,
                    context=Context(),
                )
        except TimeoutError:
            return f"{call.entity_id} did not answer within {TIMEOUT_S:.0f} s"
        except (HomeAssistantError, vol.Invalid) as error:
            return f"{call.entity_id}: {error}"
        return ""

    async def _async_shown(self, calls: tuple[Call, ...]) -> bool:
        """Whether the entities come to show what was commanded."""
        for _ in range(round(SETTLE_S / LOOK_EVERY_S)):
            if self._shown(calls):
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return self._shown(calls)

    def _shown(self, calls: tuple[Call, ...]) -> bool:
        return all(call.seen_in(self._hass.states.get(call.entity_id)) is not False for call in calls)
