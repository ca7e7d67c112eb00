"""Books that older versions wrote, turned into what this one reads."""

from collections.abc import Mapping
from typing import Any

STATE_VERSION = 2


def migrated(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state as this version writes it.

    Raises:
        ValueError: it is of a version that never was.
    """
    if state.get("version") == 1:
        return _from_version_1(state)
    if state.get("version") != STATE_VERSION:
        raise ValueError(f"accounting: state must be of version 1 to {STATE_VERSION}, got {state.get('version')!r}")
    return state


def _from_version_1(state: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 gave no credit for what the home held more than the shadow.

    So all of it, held back since the first day, comes to the day on which version 2 begins: over all days
    the saving is right.
    """
    shadow = state.get("shadow")
    return {
        **state,
        "version": 2,
        "today": _day_of_version_1(state.get("today")),
        "yesterday": _day_of_version_1(state.get("yesterday")),
        "shadow": _shadow_of_version_1(shadow) if isinstance(shadow, Mapping) else shadow,
        "leads_kwh": {},
        "counted_until": None,
    }


def _day_of_version_1(day: object) -> object:
    nothing = {"stored_kwh": 0.0, "unvalued_kwh": 0.0, "priced_h": 0.0, "price_h_per_kwh": 0.0}
    return {**day, **nothing} if isinstance(day, Mapping) else day


def _shadow_of_version_1(shadow: Mapping[str, Any]) -> dict[str, Any]:
    """It kept no energy of real batteries: the next sample brings it."""
    batteries = shadow.get("batteries")
    if isinstance(batteries, Mapping):
        batteries = {name: {"shadow_kwh": energy_kwh, "real_kwh": None} for name, energy_kwh in batteries.items()}
    return {**shadow, "batteries": batteries}
