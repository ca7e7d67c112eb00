"""Carries commands out: only on change, with a time-out, and looks whether the device did it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from homeassistant.components.number.const import ATTR_VALUE
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from ..abilities import comfort_at
from ..core.dispatch import Setpoint
from ..core.model import Asset, EvCharger, Source
from ..devices import Applied, CommandResult, Refused
from ..home import Home
from .calls import Call, Command, Impossible, Nothing, Wanted
from .domains import command_of
from .phases import MOST_PHASES, phase_call

TIMEOUT_S = 8.0
"""Of one call; less than what the dispatcher waits."""
SETTLE_S = 0.3
"""How long a device may take to show in its entity what it was told; the next command waits for it."""
PHASES_WITHIN_S = 5.0
"""How long a charger may take to show the phases that it was told; with the commands before and after it still less
than what the dispatcher waits."""
NUMBERS = ("number", "input_number")
LOOK_EVERY_S = 0.1
TRIFLE_KW = 0.05
"""Smaller changes are not written: many inverters keep settings in memory that wears."""


class Writer:
    """Tells each asset's device its setpoint."""

    def __init__(self, hass: HomeAssistant, home: Home, wanted: Callable[[str], Asset]) -> None:
        """`wanted` gives an asset as the household wishes it."""
        self._hass = hass
        self._home = home
        self._wanted = wanted
        self._last_kw: dict[str, float | None] = {}
        self.writes: dict[str, int] = {}
        """By asset: how many calls were made; devices keep settings in memory that wears."""

    async def async_apply(self, setpoint: Setpoint, now: datetime) -> CommandResult:
        """Bring the device to the setpoint; every failure of it or its integration is a named refusal."""
        if self._is_trifle(setpoint):
            return Applied(setpoint=setpoint, at=now)
        reason, verified = await self._async_apply(setpoint, now)
        if reason:
            return Refused(setpoint=setpoint, at=now, reason=reason)
        self._last_kw[setpoint.asset] = setpoint.power_kw
        return Applied(setpoint=setpoint, at=now, verified=verified)

    def _is_trifle(self, setpoint: Setpoint) -> bool:
        """A change that plan or balance make every second and nobody would notice; limits and people are exact."""
        control = self._home.bindings[setpoint.asset].control_entity or ""
        last_kw, power_kw = self._last_kw.get(setpoint.asset), setpoint.power_kw
        if (
            control.partition(".")[0] not in NUMBERS
            or not last_kw
            or not power_kw
            or setpoint.source not in (Source.PLAN, Source.FALLBACK)
        ):
            return False
        same_way = (last_kw > 0.0) == (power_kw > 0.0)
        return same_way and setpoint.phases is None and abs(power_kw - last_kw) < TRIFLE_KW

    async def _async_apply(self, setpoint: Setpoint, now: datetime) -> tuple[str, bool]:
        """Why it was refused (empty if it was not), and whether the device shows it."""
        asset, binding = self._wanted(setpoint.asset), self._home.bindings[setpoint.asset]
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
            comfort_c=comfort_at(asset, now, self._home.site.time_zone),
            temperature_unit=self._hass.config.units.temperature_unit,
            last_kw=self._last_kw.get(setpoint.asset),
        )
        if binding.phase_entity and isinstance(asset, EvCharger) and setpoint.power_kw:
            return await self._async_charge(wanted, asset, binding.phase_entity)
        return await self._async_carry_out(setpoint.asset, command_of(wanted))

    async def _async_charge(self, wanted: Wanted, charger: EvCharger, phase_entity: str) -> tuple[str, bool]:
        """The phases first, then the current; until the phases are certain, no more current than is safe on three."""
        name, phases = charger.name, wanted.setpoint.phases or max(charger.phases)
        state = self._hass.states.get(phase_entity)
        call: Call | Impossible = Impossible(reason=f"{phase_entity} is unavailable")
        if state is not None and state.state != STATE_UNAVAILABLE:
            call = phase_call(state, phases)
        if isinstance(call, Call) and call.seen_in(state):
            return await self._async_carry_out(name, command_of(wanted))
        safe = _safe_on_three(wanted)
        if _is_less(safe, wanted.state) and (reason := (await self._async_carry_out(name, safe))[0]):
            return reason, False
        reason = call.reason if isinstance(call, Impossible) else await self._async_switch(name, call)
        if not reason:
            return await self._async_carry_out(name, command_of(wanted))
        failed, _ = await self._async_carry_out(name, safe)
        return f"{reason}; limited to what is safe on {MOST_PHASES} phases{failed and f': {failed}'}", False

    async def _async_switch(self, asset: str, call: Call) -> str:
        """Empty once the phase entity shows what it was told, or why it does not."""
        try:
            async with asyncio.timeout(PHASES_WITHIN_S):
                self.writes[asset] = self.writes.get(asset, 0) + 1
                if reason := await self._async_call(call):
                    return reason
                while True:
                    if call.seen_in(self._hass.states.get(call.entity_id)):
                        return ""
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            return f"{call.entity_id} does not show within {PHASES_WITHIN_S:g} s the phases that it was told"

    async def _async_carry_out(self, asset: str, command: Command) -> tuple[str, bool]:
        match command:
            case Impossible(reason=reason):
                return reason, False
            case Nothing():
                return "", True
            case calls:
                return await self._async_call_all(asset, calls)

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
        asked = self._hass.services.async_call(
            call.domain,
            call.action,
            {ATTR_ENTITY_ID: call.entity_id, **call.data},
            blocking=True,
            context=Context(),
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                # Whatever goes wrong in somebody else's integration is a refusal of its device.
                (failure,) = await asyncio.gather(asked, return_exceptions=True)
        except TimeoutError:
            return f"{call.entity_id} did not answer within {TIMEOUT_S:.0f} s"
        match failure:
            case HomeAssistantError() | vol.Invalid():
                return f"{call.entity_id}: {failure}"
            case BaseException():
                return f"{call.entity_id}: {type(failure).__name__}: {failure}".removesuffix(": ")
            case _:
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


def _safe_on_three(wanted: Wanted) -> Command:
    """No more power than wanted, even if the charger uses three phases."""
    if wanted.state.domain not in NUMBERS:
        # Switched on, it would draw what it likes, on as many phases as it likes.
        return Nothing(reason="only a number can be safe on any count of phases")
    return command_of(replace(wanted, setpoint=replace(wanted.setpoint, phases=MOST_PHASES), at_least_low=True))


def _is_less(command: Command, state: State) -> bool:
    """Whether a number would be lowered, as far as it shows what it is."""
    if not isinstance(command, tuple):
        return False
    try:
        return all(float(call.data[ATTR_VALUE]) < float(state.state) for call in command)
    except ValueError:
        return True
