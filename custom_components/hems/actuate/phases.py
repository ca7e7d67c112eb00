"""How many phases a charger is to use: a select, a number or a switch of its own."""

import re

from homeassistant.components.number.const import ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.components.select import ATTR_OPTION, ATTR_OPTIONS, SERVICE_SELECT_OPTION
from homeassistant.const import SERVICE_TURN_OFF, SERVICE_TURN_ON, STATE_OFF, STATE_ON
from homeassistant.core import State

from .calls import Call, Impossible

MOST_PHASES = 3
"""A current that is safe on three phases is safe on fewer."""
WORDS = {1: {"single", "one", "einphasig", "eine"}, 3: {"three", "dreiphasig", "drei"}}
"""Counts that are written out; others are the only number in an option, such as `force_3`."""


def phase_call(state: State, phases: int) -> Call | Impossible:
    """What sets the number of phases; a switch is on for three."""
    match state.domain:
        case "select" | "input_select":
            option = next((each for each in _options(state) if _meant(each) == phases), None)
            if option is None:
                offered = ", ".join(_options(state))
                return Impossible(reason=f"{state.entity_id} has no option that means {phases}; it offers {offered}")
            return _call(state, SERVICE_SELECT_OPTION, option, {ATTR_OPTION: option})
        case "number" | "input_number":
            return _call(state, SERVICE_SET_VALUE, phases, {ATTR_VALUE: phases})
        case _:
            on = phases == MOST_PHASES
            return _call(state, SERVICE_TURN_ON if on else SERVICE_TURN_OFF, STATE_ON if on else STATE_OFF, {})


def _call(state: State, action: str, shown: str | int, data: dict[str, str | int]) -> Call:
    def done(now: State) -> bool:
        return now.state == shown if isinstance(shown, str) else _number(now.state) == shown

    return Call(domain=state.domain, action=action, entity_id=state.entity_id, data=data, done=done)


def _options(state: State) -> list[str]:
    return [str(option) for option in state.attributes.get(ATTR_OPTIONS) or ()]


def _meant(option: str) -> int | None:
    """The count that an option names; None for one that names none or both."""
    plain = option.lower()
    named = {int(number) for number in re.findall(r"\d+", plain)}
    named |= {count for count, words in WORDS.items() if words & set(re.findall(r"[a-zäöü]+", plain))}
    return named.pop() if len(named) == 1 else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
