"""Numbers: a power, a current or a percentage."""

from math import ceil, floor

from homeassistant.components.number.const import ATTR_MAX, ATTR_MIN, ATTR_STEP, ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, PERCENTAGE, UnitOfElectricCurrent
from homeassistant.core import State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import ElectricCurrentConverter, PowerConverter

from ..core.model import Appliance, Battery, EvCharger, FlexibleLoad, HeatPump, HotWater, Pv
from .calls import Call, Command, Impossible, Nothing, Wanted

STEP = 1.0
"""Of a number that does not say."""


def command(wanted: Wanted) -> Command:
    """The value that stands for the power."""
    attributes = wanted.state.attributes
    low, high = attributes.get(ATTR_MIN), attributes.get(ATTR_MAX)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return Impossible(reason=f"{wanted.state.entity_id} says no limits")
    power_kw = wanted.setpoint.power_kw
    if isinstance(wanted.asset, EvCharger) and power_kw is not None and power_kw < 0.0 and low >= 0.0:
        return Impossible(reason=f"{wanted.state.entity_id} cannot be set below {low:g} to make a car discharge")
    value = _released(wanted, low, high) if power_kw is None else _value(wanted, power_kw)
    if isinstance(value, Nothing | Impossible):
        return value
    step = attributes.get(ATTR_STEP)
    stepped = _towards_zero(value, float(step) if isinstance(step, int | float) and step > 0 else STEP, low)
    if stepped > high:
        stepped = _towards_zero(high, float(step or STEP), low)
    if stepped < low:
        if low > 0 and not wanted.at_least_low:
            return Impossible(reason=f"{wanted.state.entity_id} cannot be set below {low:g}")
        stepped = low
    return (
        Call(
            domain=wanted.state.domain,
            action=SERVICE_SET_VALUE,
            entity_id=wanted.state.entity_id,
            data={ATTR_VALUE: stepped},
            done=lambda state: _is(state, stepped),
        ),
    )


def _value(wanted: Wanted, power_kw: float) -> float | Impossible:
    """The power in the entity's unit: a PV limit counts positive, and a battery charges with positive values."""
    directed_kw = -power_kw if isinstance(wanted.asset, Pv) else power_kw
    unit = wanted.state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit == PERCENTAGE:
        most_kw = _most_kw(wanted)
        return directed_kw / most_kw * 100.0 if most_kw else Impossible(reason="its most power is not known")
    if unit in ElectricCurrentConverter.VALID_UNITS:
        if not isinstance(wanted.asset, EvCharger):
            return Impossible(reason=f"{wanted.state.entity_id} is a current, which only EV chargers are told")
        # Where the setpoint and the charger do not agree, the larger count: it is safe on both.
        phases = max(wanted.setpoint.phases or max(wanted.asset.phases), min(wanted.asset.phases))
        if directed_kw < 0.0:
            return Impossible(reason=f"{wanted.state.entity_id} is a current, which cannot make a car discharge")
        ampere = _ampere(wanted.asset, directed_kw, phases)
        return ElectricCurrentConverter.convert(ampere, UnitOfElectricCurrent.AMPERE, unit)
    try:
        return PowerConverter.convert(directed_kw, "kW", unit)
    except HomeAssistantError:
        return Impossible(reason=f"{wanted.state.entity_id} must have the unit W, kW, A or %, got {unit!r}")


def _ampere(charger: EvCharger, power_kw: float, phases: int) -> float:
    """The current of each phase; 0 where it is less than a car charges with."""
    ampere = power_kw * 1000.0 / (phases * charger.voltage_v)
    # What is a hundredth of an ampere below the least current is that current, rounded.
    return max(ampere, charger.min_current_a) if ampere >= charger.min_current_a - 0.01 else 0.0


def _released(wanted: Wanted, low: float, high: float) -> float | Nothing:
    match wanted.asset:
        case Battery():
            # A forced power has no word for "as you like"; resting is the safe one.
            return min(max(0.0, low), high)
        case Appliance() | FlexibleLoad():
            return Nothing(reason="left alone")
        case _:
            return high


def _most_kw(wanted: Wanted) -> float | None:
    match wanted.asset:
        case Pv():
            return wanted.asset.peak_kw
        case Battery():
            return max(wanted.asset.max_charge_kw, wanted.asset.max_discharge_kw)
        case EvCharger():
            return wanted.asset.max_kw(max(wanted.asset.phases))
        case HeatPump() | HotWater():
            return wanted.asset.max_electric_kw
        case _:
            return None


def _towards_zero(value: float, step: float, low: float) -> float:
    """The nearest settable value that is no more power; steps count from the least one."""
    # A billionth of a step is rounding of the conversion, not a wish.
    steps = (value - low) / step
    whole = floor(steps + 1e-6) if value >= 0 else ceil(steps - 1e-6)
    return round(low + whole * step, 6)


def _is(state: State, value: float) -> bool:
    try:
        return abs(float(state.state) - value) < 1e-3
    except ValueError:
        return False
