"""Things that are on or off."""

from homeassistant.const import SERVICE_TURN_OFF, SERVICE_TURN_ON, STATE_OFF, STATE_ON

from ..core.model import Appliance, Battery, EvCharger, FlexibleLoad
from .calls import Call, Command, Impossible, Nothing, Wanted


def command(wanted: Wanted) -> Command:
    """On for any power; a battery's switch is on only while it charges."""
    power_kw = wanted.setpoint.power_kw
    if isinstance(wanted.asset, Battery):
        return (switched(wanted, on=power_kw is not None and power_kw > 0.0),)
    if power_kw is None:
        return _release(wanted)
    if isinstance(wanted.asset, EvCharger) and power_kw < 0.0:
        return Impossible(reason=f"{wanted.state.entity_id} is a switch, which cannot make a car discharge")
    return (switched(wanted, on=abs(power_kw) > 0.0),)


def _release(wanted: Wanted) -> Command:
    if isinstance(wanted.asset, Appliance):
        return Nothing(reason="left alone")
    if isinstance(wanted.asset, FlexibleLoad) and wanted.last_kw != 0.0:
        return Nothing(reason="left as it is")
    return (switched(wanted, on=True),)


def switched(wanted: Wanted, *, on: bool) -> Call:
    """The call that turns the entity on or off."""
    state = STATE_ON if on else STATE_OFF
    return Call(
        domain=wanted.state.domain,
        action=SERVICE_TURN_ON if on else SERVICE_TURN_OFF,
        entity_id=wanted.state.entity_id,
        done=lambda shown: shown.state == state,
    )
