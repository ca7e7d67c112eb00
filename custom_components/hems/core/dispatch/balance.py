"""What batteries do between two plans.

A plan holds for five minutes; clouds and kettles do not. In its slot the plan has a battery power p and a
grid exchange g (positive imports). The battery's power is the one nearest to p that keeps the live exchange
in a band:

| planned exchange | battery charges | idles | discharges | so that |
|-|-|-|-|-|
| g = 0 | [0, 0] | [0, 0] | [0, 0] | the battery balances the home |
| g > 0 imports | [0, inf) | [0, inf) | [0, g] | the grid serves what it was planned to; nothing is sold by accident |
| g < 0 exports | [g, 0] | (-inf, 0] | (-inf, 0] | the grid takes what is sold; nothing is bought by accident |

Where changes of the exchange have a price (`Slot.keeps_exchange`) the exchange stays between 0 and g, whatever the
battery was to do, and beside an import it gives no more than that takes: p is then only a means to g, and given
while less is drawn than was forecast it would make a change instead of sparing one.

Where the plan holds the sun back, more than it exports would be held back too, so that a battery takes all that
appears beyond the planned export, up to its limits, before any sun is held back (`spare_kw`). Only a battery whose
room the plan keeps for something better (`Slot.stores`) does as planned.

So a battery that charges from the grid, sells, or waits on purpose keeps to the plan, and one that serves the
home follows the home. Without a plan p and g are 0: self-consumption.
"""

from math import inf

from ..model import Battery, EvCharger, Site
from ..model.inverter import behind_of
from .draft import Draft
from .inverters import keep_inverters
from .setpoint import Reason
from .slot import Slot

IDLE_KW = 0.05
"""Less than this counts as nothing."""


def band(planned_kw: float, grid_kw: float, *, keeps_exchange: bool = False) -> tuple[float, float]:
    """Least and most grid exchange for a battery planned at `planned_kw` in a slot planned to exchange `grid_kw`."""
    if grid_kw > IDLE_KW:
        return 0.0, grid_kw if keeps_exchange or planned_kw < -IDLE_KW else inf
    if grid_kw < -IDLE_KW:
        return grid_kw if keeps_exchange or planned_kw > IDLE_KW else -inf, 0.0
    return 0.0, 0.0


def balance(drafts: dict[str, Draft], rest_kw: float, slot: Slot | None, site: Site) -> None:
    """Move each battery that nobody else commands to where the live exchange lies in its band.

    `rest_kw` is the live power of everything that is not an asset. Several batteries take turns: the next one
    takes up what the one before could not, or its inverter does not let through.
    """
    grid_kw = slot.grid_kw if slot else 0.0
    for name, draft in drafts.items():
        if draft.power_kw is None or not _follows(draft, slot):
            continue
        planned_kw = slot.power_kw.get(name, 0.0) if slot else 0.0
        keeps_exchange = slot is not None and slot.keeps_exchange
        if keeps_exchange and grid_kw > IDLE_KW:
            planned_kw = max(0.0, planned_kw)
        without_kw = rest_kw + sum(other.expected_kw for key, other in drafts.items() if key != name)
        low_kw, high_kw = band(planned_kw, grid_kw, keeps_exchange=keeps_exchange)
        if slot and slot.curtails:
            low_kw = max(low_kw, min(grid_kw, 0.0))
        target_kw = min(max(planned_kw, low_kw - without_kw), high_kw - without_kw)
        moved = draft.at(target_kw, Reason.BALANCE if slot else Reason.SELF_CONSUMPTION)
        if moved.power_kw is not None and abs(moved.power_kw - target_kw) > 1e-3:
            moved = draft.at(target_kw, draft.levels.limited_by)
        drafts[name] = moved
        keep_inverters(drafts, site)


def spare_kw(drafts: dict[str, Draft], slot: Slot | None) -> float:
    """What the batteries that follow the meter could take beyond what they are told now.

    Those behind an inverter are left out: what it passes beside its own sun is not theirs to promise.
    """
    return sum(
        max(0.0, draft.levels.nearest(draft.levels.high_kw, draft.bounds_kw) - draft.power_kw)
        for draft in drafts.values()
        if draft.power_kw is not None and _follows(draft, slot) and behind_of(draft.asset) is None
    )


def _follows(draft: Draft, slot: Slot | None) -> bool:
    """Whether it is a battery that nobody else commands, and that the plan does not want kept as it is."""
    kept = slot is not None and bool(slot.curtails) and draft.asset.name not in slot.stores
    return isinstance(draft.asset, Battery) and draft.own and not kept


def keep_battery_rules(drafts: dict[str, Draft], rest_kw: float, sold_kw: float = 0.0) -> None:
    """A battery that may not feed a car, or may not be sold, discharges no further than that, whoever asks.

    Nor does a car for the plan, beyond what the plan sells.
    """
    charging = any(draft.expected_kw > IDLE_KW for draft in drafts.values() if isinstance(draft.asset, EvCharger))
    for name, draft in drafts.items():
        battery = draft.asset
        if isinstance(battery, EvCharger) and draft.own and draft.power_kw is not None and draft.power_kw < 0.0:
            without_kw = rest_kw + sum(other.expected_kw for key, other in drafts.items() if key != name)
            given_kw = min(0.0, max(draft.power_kw, -without_kw - sold_kw))
            drafts[name] = draft.at(given_kw, Reason.BALANCE, strict=False)
        if not isinstance(battery, Battery) or draft.manual or draft.power_kw is None or draft.power_kw >= 0.0:
            continue
        if charging and not battery.may_charge_ev:
            drafts[name] = draft.at(0.0, Reason.DEVICE_LIMIT, strict=False)
        elif not battery.may_export:
            without_kw = rest_kw + sum(other.expected_kw for key, other in drafts.items() if key != name)
            drafts[name] = draft.at(min(0.0, max(draft.power_kw, -without_kw)), Reason.BALANCE, strict=False)
