"""Selects: modes by the names that integrations give them."""

from enum import StrEnum

from homeassistant.components.select import ATTR_OPTION, ATTR_OPTIONS, SERVICE_SELECT_OPTION

from ..core.model import Battery, EvCharger
from .calls import Call, Command, Impossible, Wanted


class Mode(StrEnum):
    """What a device is wanted to do."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    ON = "on"
    OFF = "off"
    OWN = "own"
    """Its own control."""


WORDS: dict[Mode, tuple[str, ...]] = {
    Mode.CHARGE: ("force charge", "forced charge", "charge", "charging", "charge from grid"),
    Mode.DISCHARGE: ("force discharge", "forced discharge", "discharge", "discharging"),
    Mode.ON: ("on", "boost", "encouraged", "forced", "force on", "forced on", "recommended", "now", "start", "max"),
    Mode.OFF: ("off", "stop", "stopped", "idle", "standby", "hold", "blocked", "block", "locked", "lock", "pause"),
    Mode.OWN: (
        "auto",
        "automatic",
        "normal",
        "self consumption",
        "self use",
        "maximize self consumption",
        "maximise self consumption",
        "default",
        "eco",
    ),
}


def command(wanted: Wanted) -> Command:
    """The option whose name means what is wanted."""
    mode = _mode(wanted)
    options = {_plain(str(option)): option for option in wanted.state.attributes.get(ATTR_OPTIONS) or ()}
    option = next((options[word] for word in WORDS[mode] if word in options), None)
    if option is None:
        offered = ", ".join(map(str, options.values()))
        return Impossible(reason=f"{wanted.state.entity_id} has no option that means {mode}; it offers {offered}")
    return (
        Call(
            domain=wanted.state.domain,
            action=SERVICE_SELECT_OPTION,
            entity_id=wanted.state.entity_id,
            data={ATTR_OPTION: option},
            done=lambda state: state.state == option,
        ),
    )


def _mode(wanted: Wanted) -> Mode:
    power_kw = wanted.setpoint.power_kw
    if power_kw is None:
        return Mode.OWN
    if power_kw == 0.0:
        return Mode.OFF
    if isinstance(wanted.asset, Battery) or (isinstance(wanted.asset, EvCharger) and power_kw < 0.0):
        return Mode.CHARGE if power_kw > 0.0 else Mode.DISCHARGE
    return Mode.ON


def _plain(option: str) -> str:
    return " ".join(option.lower().replace("_", " ").replace("-", " ").split())
