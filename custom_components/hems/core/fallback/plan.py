"""Walks through the horizon with the rules of all assets and judges the result like any other plan."""

from dataclasses import dataclass

from ..model import Asset, Battery, BatteryState, EvCharger, Fallback, HybridInverter, Plan, PlanRequest, Pv, PvState
from ..model.assessment import judged_plan
from ..model.assessment.overrides import overridden_steps
from ..model.inverter import behind_of
from ..model.terms import Terms
from .bus import Bus
from .phase_room import PhaseRoom
from .producers import BatteryRule, SunRule
from .rule import Planned, Rule
from .rules import rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """The rules of every asset, by name."""

    terms: Terms
    suns: dict[str, SunRule]
    batteries: dict[str, BatteryRule]
    consumers: dict[str, Rule]
    chargers: frozenset[str]
    told_kw: dict[str, dict[int, float]]
    home: Bus
    buses: dict[str, Bus]
    """Behind each inverter."""
    behind: dict[str, str]
    """Which inverter an asset is behind."""
    phases: PhaseRoom

    @classmethod
    def of(cls, terms: Terms) -> _Home:
        request, assets = terms.request, terms.request.site.assets
        suns = {a.name: SunRule(a, request.state_of(a, PvState), terms) for a in assets if isinstance(a, Pv)}
        free_kw = [
            limit - load + sum(sun.available_kw[index] for sun in suns.values())
            for index, (limit, load) in enumerate(zip(terms.max_import_kw, terms.load_kw, strict=True))
        ]
        told_kw: dict[str, dict[int, float]] = {}
        for override in request.overrides:
            steps = overridden_steps(override, terms.horizon)
            told_kw.setdefault(override.asset, {}).update(dict.fromkeys(steps, override.power_kw))
        return cls(
            terms=terms,
            suns=suns,
            batteries={
                a.name: BatteryRule(a, request.state_of(a, BatteryState), terms)
                for a in assets
                if isinstance(a, Battery)
            },
            consumers=rules_of(terms, free_kw),
            chargers=frozenset(a.name for a in assets if isinstance(a, EvCharger)),
            told_kw=told_kw,
            home=Bus(),
            buses={a.name: Bus(a) for a in assets if isinstance(a, HybridInverter)},
            phases=PhaseRoom(terms),
            behind={a.name: inverter for a in assets if (inverter := behind_of(a)) is not None},
        )

    def bus(self, asset: str) -> Bus:
        """What it is connected to."""
        return self.buses[self.behind[asset]] if asset in self.behind else self.home

    @property
    def assets(self) -> dict[str, Asset]:
        """By name."""
        return {asset.name: asset for asset in self.terms.request.site.assets}

    def draw(self, asset: str, power_kw: float) -> None:
        """Count an asset's power, on its bus and on its phases."""
        self.bus(asset).add(power_kw)
        self.phases.add(self.assets[asset], power_kw)

    def told(self, asset: str, index: int) -> float | None:
        """The user's word for an asset in a step."""
        return self.told_kw.get(asset, {}).get(index)

    def step(self, index: int) -> float:
        """Decide one step; what the home would exchange with the grid if nothing was left without supply."""
        net = _Net(home=self.home, buses=tuple(self.buses.values()))
        self.home.add(self.terms.load_kw[index])
        self.phases.begin(index)
        for name, sun in self.suns.items():
            self.draw(name, -sun.offer(index, self.told(name, index)))
        a_car_charges = False
        for name, rule in self.consumers.items():
            room_kw = min(self.terms.max_import_kw[index] - net.kw, self.phases.room_kw(self.assets[name]))
            power_kw = rule.decide(index, room_kw, self.told(name, index))
            a_car_charges |= name in self.chargers and power_kw > 0.0
            self.draw(name, power_kw)
        # What a user's word moves is there before the others answer what is left.
        for name in sorted(self.batteries, key=lambda battery: self.told(battery, index) is None):
            bus, told_kw = self.bus(name), self.told(name, index)
            asset = self.assets[name]
            power_kw = self.batteries[name].follow(
                index, bus, net.kw - bus.ac_kw, told_kw, self.phases.room_kw(asset), a_car_charges=a_car_charges
            )
            self.phases.add(asset, power_kw)
        for name, sun in self.suns.items():
            bus = self.bus(name)
            bus.add(sun.hold_back(index, bus.excess_kw, clipped=True))
        for name, sun in self.suns.items():
            bus, excess_kw = self.bus(name), -net.kw - self.terms.max_export_kw[index]
            if excess_kw > 0.0:
                bus.add(sun.hold_back(index, bus.fed_for(excess_kw)))
        net_kw = net.kw
        for bus in (self.home, *self.buses.values()):
            bus.finish()
        return net_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class _Net:
    """The exchange with the grid in the step that is being decided."""

    home: Bus
    buses: tuple[Bus, ...]

    @property
    def kw(self) -> float:
        """As it stands."""
        return self.home.ac_kw + sum(bus.ac_kw for bus in self.buses)


def fallback_plan(request: PlanRequest, reason: str) -> Plan:
    """A plan that breaks no hard limit which can be kept; `reason` says why nobody optimised it."""
    terms = Terms.of(request)
    home = _Home.of(terms)
    wanted_kw = [home.step(index) for index in range(request.horizon.steps)]
    by_name: dict[str, Planned] = {**home.suns, **home.batteries, **home.consumers, **home.buses}
    assets = tuple(by_name[asset.name].plan() for asset in request.site.assets)
    unserved_kw = tuple(max(0.0, net - limit) for net, limit in zip(wanted_kw, terms.max_import_kw, strict=True))
    net_kw = [net - left_out for net, left_out in zip(wanted_kw, unserved_kw, strict=True)]
    return judged_plan(terms, Fallback(reason=reason), assets, net_kw, unserved_kw)
