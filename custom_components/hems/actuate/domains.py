"""Which way of commanding goes with which entity."""

from collections.abc import Callable, Mapping

from . import buttons, numbers, selects, switches, thermostats
from .calls import Command, Impossible, Wanted

DOMAINS: Mapping[str, Callable[[Wanted], Command]] = {
    "number": numbers.command,
    "input_number": numbers.command,
    "switch": switches.command,
    "input_boolean": switches.command,
    "light": switches.command,
    "button": buttons.command,
    "input_button": buttons.command,
    "climate": thermostats.command,
    "water_heater": thermostats.command,
    "select": selects.command,
    "input_select": selects.command,
}


def command_of(wanted: Wanted) -> Command:
    """What to tell the entity."""
    make = DOMAINS.get(wanted.state.domain)
    if make is None:
        return Impossible(reason=f"{wanted.state.entity_id} cannot be commanded")
    return make(wanted)
