"""Buttons: they can only start."""

from homeassistant.components.button.const import SERVICE_PRESS

from .calls import Call, Command, Nothing, Wanted


def command(wanted: Wanted) -> Command:
    """One press when the power becomes more than 0."""
    if not wanted.setpoint.power_kw:
        return Nothing(reason="a button cannot stop anything")
    if wanted.last_kw:
        return Nothing(reason="already started")
    return (Call(domain=wanted.state.domain, action=SERVICE_PRESS, entity_id=wanted.state.entity_id),)
