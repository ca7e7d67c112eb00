"""What demand-response events ask, as far as comfort, deadlines and devices allow.

| asked | cars, heaters, appliances, other loads | batteries |
|-|-|-|
| down | pause, unless they are needed now | cover what the home draws, and sell no more than before |
| up | run at their most, as long as there is use for it | charge at their most |
| a power | held, as nearly as the device can | the same |
| an exchange | pause or run, where batteries are not enough | make the meter show it |

Needed now is a room or a tank at the lower end of its comfort, a car that would leave too empty, a programme that
would end too late. There is use for it in a room or a tank below the upper end, in a car below its target, in a
load that is wanted, in a programme that waits. A level is a request: what the household told a device to do stays.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ..model import (
    Appliance,
    ApplianceState,
    Asset,
    AssetState,
    Battery,
    Bounds,
    EvCharger,
    FlexibleLoad,
    FlexibleLoadState,
    HeatPump,
    HotWater,
    Priority,
    Proposal,
    Pv,
    Site,
    Source,
)
from ..model.steering import Steering
from .draft import Draft, may_start, must_charge, visit_of
from .levels import levels_of
from .limits import SHED_ORDER, exchange_kw
from .live import LiveAsset, LiveHome
from .setpoint import Reason

ROOM_BAND_K, TANK_BAND_K = 0.3, 2.0
"""Between pausing and heating again, or the reverse: a compressor is not switched with every tick."""
TOLERANCE_KW = 1e-3
FOLLOW_ORDER: tuple[type[Asset], ...] = (Battery, *(kind for kind in SHED_ORDER if kind is not Battery))
"""Batteries first: nobody notices."""


class Steered:
    """One moment of a home that is steered."""

    def __init__(
        self, steering: Steering, site: Site, live: LiveHome, states: Mapping[str, AssetState], now: datetime
    ) -> None:
        self.steering = steering
        self._zone = ZoneInfo(site.time_zone)
        self._site = site
        self._live = live
        self._states = states
        self._now = now

    def proposals(self, others: Iterable[Proposal], manual: Collection[str]) -> list[Proposal]:
        """What is asked of single assets, beside what others propose; what is run by hand is left alone."""
        told = {entry.asset for entry in others if entry.source is Source.USER and entry.holds(self._now)}
        asked = (self._asked_of(asset, told=asset.name in told) for asset in self._site.assets)
        return [proposal for proposal in asked if proposal is not None and proposal.asset not in manual]

    def _asked_of(self, asset: Asset, *, told: bool) -> Proposal | None:
        name = asset.name
        power_kw = self.steering.powers_kw.get(name)
        if power_kw is not None and self._fits(asset, power_kw):
            return self._proposal(name, Bounds(min_kw=power_kw, max_kw=power_kw), power_kw, Reason.OPERATOR_POWER)
        if power_kw is not None or told:
            return None
        if name in self.steering.down and self.can_pause(asset):
            # A car that gives to the home may go on doing so.
            return self._proposal(name, Bounds(max_kw=0.0), 0.0, Reason.LEVEL_DOWN)
        if name in self.steering.up and self.has_use(asset):
            most_kw = levels_of(asset, self._live.of(name)).high_kw
            return self._proposal(name, Bounds(min_kw=most_kw, max_kw=most_kw), most_kw, Reason.LEVEL_UP)
        return None

    def _fits(self, asset: Asset, power_kw: float) -> bool:
        """Whether a power leaves comfort and deadlines alone."""
        if isinstance(asset, HeatPump | HotWater) and power_kw > TOLERANCE_KW:
            return self.has_use(asset)
        return isinstance(asset, Battery | Pv) or power_kw > TOLERANCE_KW or self.can_pause(asset)

    def balance(self, drafts: dict[str, Draft], rest_kw: float) -> None:
        """Let batteries cover what is drawn, or make the exchange what is asked; loads follow where they cannot."""
        for name, draft in drafts.items():
            if isinstance(draft.asset, Battery) and name in self.steering.down and draft.own:
                self._cover(drafts, name, rest_kw)
        target_kw = self.steering.exchange_kw
        if target_kw is None:
            return
        free = [name for name, draft in drafts.items() if draft.own and name not in self.steering.powers_kw]
        order = [name for kind in FOLLOW_ORDER for name in free if isinstance(drafts[name].asset, kind)]
        for name in order:
            away_kw = target_kw - exchange_kw(drafts, rest_kw)
            if abs(away_kw) > TOLERANCE_KW:
                self._shift(drafts, name, away_kw)

    def _cover(self, drafts: dict[str, Draft], name: str, rest_kw: float) -> None:
        """The battery draws nothing from the grid, and gives what the home draws."""
        draft = drafts[name]
        if draft.power_kw is None:
            return
        without_kw = exchange_kw(drafts, rest_kw) - draft.expected_kw
        power_kw = draft.levels.nearest(min(draft.power_kw, -without_kw), draft.bounds_kw)
        drafts[name] = _moved(draft, power_kw, Reason.LEVEL_DOWN)

    def _shift(self, drafts: dict[str, Draft], name: str, away_kw: float) -> None:
        draft = drafts[name]
        asset, drawn_kw = draft.asset, draft.expected_kw
        if isinstance(asset, Battery):
            power_kw = draft.levels.nearest(drawn_kw + away_kw, draft.bounds_kw)
        elif away_kw < 0.0 and drawn_kw > 0.0 and self.can_pause(asset):
            power_kw = draft.levels.at_most(max(0.0, drawn_kw + away_kw))
        elif away_kw > 0.0 and self.has_use(asset):
            power_kw = max(drawn_kw, draft.levels.at_most(drawn_kw + away_kw))
        else:
            return
        if draft.levels.nearest(power_kw, draft.bounds_kw) != power_kw:
            # Somebody else has narrowed what it may do.
            return
        drafts[name] = _moved(draft, power_kw, Reason.OPERATOR_POWER)

    def can_pause(self, asset: Asset) -> bool:
        """Whether a load is not needed now."""
        live = self._live.of(asset.name)
        match asset:
            case EvCharger():
                return not must_charge(asset, live, self._states.get(asset.name), self._now)
            case HeatPump() | HotWater():
                spare_k = self._room_k(asset)[0]
                return spare_k is not None and spare_k > (_band_k(asset) if _runs(live) else 0.0)
            case Appliance():
                return not live.running and not self._must_start(asset)
            case _:
                return isinstance(asset, FlexibleLoad)

    def has_use(self, asset: Asset) -> bool:
        """Whether there is something to take up."""
        live, state = self._live.of(asset.name), self._states.get(asset.name)
        match asset:
            case EvCharger():
                visit = visit_of(state, self._now)
                known_kwh = visit.energy_kwh if visit and live.energy_kwh is None else live.energy_kwh
                return bool(live.connected) and (visit is None or (known_kwh or 0.0) < visit.target_kwh)
            case HeatPump() | HotWater():
                left_k = self._room_k(asset)[1]
                return left_k is not None and left_k > (0.0 if _runs(live) else _band_k(asset))
            case FlexibleLoad():
                return isinstance(state, FlexibleLoadState) and (state.wanted.at(self._now) or 0.0) > 0.0
            case Appliance():
                return may_start(asset, live, state, self._now) and self._may_begin(asset)
            case _:
                return isinstance(asset, Battery)

    def _room_k(self, asset: HeatPump | HotWater) -> tuple[float | None, float | None]:
        """How far the temperature is above the lower end of comfort, and below the upper one; None is unknown."""
        temperature_c = self._live.of(asset.name).temperature_c
        if temperature_c is None:
            return None, None
        low_c, high_c = asset.comfort.limits_c(self._now, self._zone)
        return temperature_c - low_c, high_c - temperature_c

    def _waiting(self, appliance: Appliance) -> list[tuple[datetime, datetime]]:
        """Of each run that has not begun: its earliest start, and its latest."""
        state = self._states.get(appliance.name)
        runs = state.runs if isinstance(state, ApplianceState) else ()
        return [(run.earliest_start, run.latest_end - appliance.duration) for run in runs if run.started is None]

    def _must_start(self, appliance: Appliance) -> bool:
        return any(latest <= self._now for _, latest in self._waiting(appliance))

    def _may_begin(self, appliance: Appliance) -> bool:
        return any(earliest <= self._now for earliest, _ in self._waiting(appliance))

    def _proposal(self, asset: str, bounds_kw: Bounds, wanted_kw: float, reason: str) -> Proposal:
        return Proposal(
            asset=asset,
            source=Source.GRID_OPERATOR,
            priority=Priority.GRID_OPERATOR,
            bounds_kw=bounds_kw,
            wanted_kw=wanted_kw,
            expires=datetime.max.replace(tzinfo=UTC),
            reason=reason,
        )


def _band_k(asset: HeatPump | HotWater) -> float:
    return ROOM_BAND_K if isinstance(asset, HeatPump) else TANK_BAND_K


def _runs(live: LiveAsset) -> bool:
    return (live.drawn_kw or 0.0) > TOLERANCE_KW


def _moved(draft: Draft, power_kw: float, reason: Reason) -> Draft:
    if draft.power_kw is not None and abs(draft.power_kw - power_kw) <= TOLERANCE_KW:
        return draft
    return replace(draft, power_kw=power_kw, source=Source.GRID_OPERATOR, reason=reason)
