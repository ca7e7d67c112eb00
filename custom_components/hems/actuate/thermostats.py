"""Climate and water heater entities: turned up to heat, turned down to rest, never switched off."""

from homeassistant.components.climate.const import (
    ATTR_HVAC_MODE,
    ATTR_HVAC_MODES,
    SERVICE_SET_HVAC_MODE,
    SERVICE_SET_TEMPERATURE,
    HVACMode,
)
from homeassistant.components.water_heater.const import ATTR_OPERATION_MODE, SERVICE_SET_OPERATION_MODE
from homeassistant.const import ATTR_TEMPERATURE, STATE_OFF, UnitOfTemperature
from homeassistant.core import State
from homeassistant.util.unit_conversion import TemperatureConverter

from ..core.model import FlexibleLoad, HeatPump, HotWater
from . import switches
from .calls import Call, Command, Impossible, Nothing, Wanted

HYSTERESIS_K = 2.0
"""A thermostat may stop this much short of its target."""
HEATING_MODES = (HVACMode.HEAT, HVACMode.HEAT_COOL, HVACMode.AUTO)


def command(wanted: Wanted) -> Command:
    """A target temperature from the comfort band; a flexible load is switched on and off."""
    if isinstance(wanted.asset, FlexibleLoad):
        return _switched(wanted)
    if not isinstance(wanted.asset, HeatPump | HotWater):
        return Impossible(reason=f"{wanted.state.entity_id} is a thermostat, which only heat is told")
    target_c = _target_c(wanted.setpoint.power_kw, wanted.asset, wanted.comfort_c)
    target = TemperatureConverter.convert(target_c, UnitOfTemperature.CELSIUS, wanted.temperature_unit)
    limited = _limited(round(target, 1), wanted.state)
    set_to = Call(
        domain=wanted.state.domain,
        action=SERVICE_SET_TEMPERATURE,
        entity_id=wanted.state.entity_id,
        data={ATTR_TEMPERATURE: limited},
        done=lambda state: _is(state, limited),
    )
    wake = _wake(wanted) if wanted.setpoint.power_kw != 0.0 else None
    return (wake, set_to) if wake else (set_to,)


def _target_c(power_kw: float | None, asset: HeatPump | HotWater, now_c: tuple[float, float] | None) -> float:
    always_c = asset.comfort.min_c, asset.comfort.max_c
    if power_kw is None:
        # It stays so for as long as HEMS is away, by day and by night.
        return sum(always_c) / 2
    low_c, high_c = now_c or always_c
    if power_kw <= 0.0:
        return low_c
    cycle = asset.legionella if isinstance(asset, HotWater) else None
    # HEMS ends the heating itself; a target below the cycle's heat would end it before.
    return high_c if cycle is None else max(high_c, cycle.temperature_c + HYSTERESIS_K)


def _wake(wanted: Wanted) -> Call | None:
    """A thermostat that is off heats to no target."""
    if wanted.state.state != STATE_OFF:
        return None
    if wanted.state.domain == "climate":
        offered = wanted.state.attributes.get(ATTR_HVAC_MODES) or ()
        mode = next((mode for mode in HEATING_MODES if mode in offered), None)
        action, data = SERVICE_SET_HVAC_MODE, {ATTR_HVAC_MODE: mode}
    else:
        offered = wanted.state.attributes.get("operation_list") or ()
        mode = next((mode for mode in offered if mode != STATE_OFF), None)
        action, data = SERVICE_SET_OPERATION_MODE, {ATTR_OPERATION_MODE: mode}
    if mode is None:
        return None
    return Call(
        domain=wanted.state.domain,
        action=action,
        entity_id=wanted.state.entity_id,
        data=data,
        done=lambda state: state.state != STATE_OFF,
    )


def _switched(wanted: Wanted) -> Command:
    power_kw = wanted.setpoint.power_kw
    if power_kw is None and wanted.last_kw != 0.0:
        return Nothing(reason="left as it is")
    on = power_kw is None or power_kw > 0.0
    call = switches.switched(wanted, on=on)
    return (
        Call(
            domain=call.domain,
            action=call.action,
            entity_id=call.entity_id,
            done=lambda state: (state.state != STATE_OFF) is on,
        ),
    )


def _limited(target: float, state: State) -> float:
    low, high = state.attributes.get("min_temp"), state.attributes.get("max_temp")
    if isinstance(high, int | float):
        target = min(target, float(high))
    return max(target, float(low)) if isinstance(low, int | float) else target


def _is(state: State, target: float) -> bool:
    shown = state.attributes.get(ATTR_TEMPERATURE)
    return isinstance(shown, int | float) and abs(shown - target) < 0.6
