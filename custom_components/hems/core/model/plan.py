"""What the optimiser answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .checks import as_utc, named
from .health import InputHealth
from .horizon import Horizon
from .value import Kinded, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Kinded):
    """How the planning ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimal(Outcome):
    """Proven best within the requested gap."""

    kind: Literal["optimal"] = "optimal"
    gap: float = 0.0
    """Relative distance to the proven bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasible(Outcome):
    """Time ran out with a plan in hand: good to carry out, not proven best."""

    kind: Literal["feasible"] = "feasible"
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Infeasible(Outcome):
    """Hard limits contradict each other; the plan is the fallback's."""

    kind: Literal["infeasible"] = "infeasible"
    broken: tuple[str, ...]
    """Names of the limits that cannot be kept together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut(Outcome):
    """Time ran out before any plan was found; the plan is the fallback's."""

    kind: Literal["timed_out"] = "timed_out"
    time_limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback(Outcome):
    """Made without a solver."""

    kind: Literal["fallback"] = "fallback"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPlan(Value):
    """One asset over the horizon of its plan."""

    asset: str
    kind: str
    """Of the asset, e.g. battery."""
    power_kw: tuple[float, ...]
    """Per slot; positive draws from the bus."""
    trajectories: Mapping[str, tuple[float, ...]]
    """What else develops, by name with unit: per slot (`curtailed_kw`, `phases`) or per edge
    (`energy_kwh`, `indoor_c`, `tank_c`)."""

    def __post_init__(self) -> None:
        named("asset plan", self.asset)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSplit(Value):
    """What the horizon costs in currency; earnings are negative."""

    energy: float = 0.0
    """Imported energy."""
    export: float = 0.0
    """Minus what exported energy earns."""
    fixed: float = 0.0
    capacity: float = 0.0
    wear: float = 0.0
    comfort: float = 0.0
    """Comfort, deadlines and wishes not met, at their prices."""
    preference: float = 0.0
    """Weights beside money: CO2 and exchange with the grid."""
    end_value: float = 0.0
    """Minus the worth of energy stored at the end beyond the energy stored now."""

    @property
    def bill(self) -> float:
        """Money that changes hands."""
        return self.energy + self.export + self.fixed + self.capacity

    @property
    def total(self) -> float:
        """What the optimiser minimised, and the fixed parts."""
        return self.bill + self.wear + self.comfort + self.preference + self.end_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginals(Value):
    """What a little more of something would be worth: duals of the program with its on/off decisions held."""

    bus_price_per_kwh: tuple[float, ...]
    """Per slot: what one kWh more to be supplied in it would cost, and one kWh more on the bus would spare."""
    stored_value_per_kwh: Mapping[str, tuple[float, ...]]
    """Per edge, by asset: what one kWh more in a battery or a car would spare."""
    binding: Mapping[str, tuple[int, ...]]
    """By name of the limit: the slots in which more of it would spare money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline(Value):
    """What the same time would cost with another way to run the home."""

    kind: Literal["unmanaged", "self_consumption"]
    """Nobody manages it, or rules use the sun and nothing looks ahead."""
    cost: CostSplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation(Value):
    """A soft limit that the plan breaks, or a hard one that the inputs make impossible."""

    limit: str
    """Name of the limit, e.g. `heat_pump.comfort_min`."""
    asset: str | None
    amount: float
    """Largest size in `unit`."""
    unit: str
    start: datetime
    end: datetime
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.limit, "start", self.start))
        object.__setattr__(self, "end", as_utc(self.limit, "end", self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveStats(Value):
    """Where the time went, in seconds."""

    build_s: float = 0.0
    compile_s: float = 0.0
    solve_s: float = 0.0
    extract_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Value):
    """What each asset does in each slot, what that costs, and how far it can be trusted."""

    made_at: datetime
    expires_at: datetime
    horizon: Horizon
    outcome: Outcome
    assets: tuple[AssetPlan, ...]
    load_kw: tuple[float, ...]
    """The uncontrolled load that was planned with, per slot."""
    unserved_kw: tuple[float, ...]
    """Load that the limits leave without supply, per slot; 0 in any sane home."""
    import_kw: tuple[float, ...]
    export_kw: tuple[float, ...]
    import_price_per_kwh: tuple[float, ...]
    export_price_per_kwh: tuple[float, ...]
    currency: str
    cost: CostSplit
    violations: tuple[Violation, ...] = ()
    health: tuple[InputHealth, ...] = ()
    marginals: Marginals | None = None
    """None for a plan that no program was solved for."""
    baselines: tuple[Baseline, ...] = ()
    """What the plan's cost is to be compared with."""
    prices_known_until: datetime | None = None
    """From then on the prices are estimates; None: all are known."""
    keeps_exchange: bool = False
    """Whether batteries are there to keep the exchange as planned, rather than to give and take as planned."""
    stats: SolveStats = SolveStats()

    def __post_init__(self) -> None:
        object.__setattr__(self, "made_at", as_utc("plan", "made_at", self.made_at))
        object.__setattr__(self, "expires_at", as_utc("plan", "expires_at", self.expires_at))
        if self.prices_known_until is not None:
            known_until = as_utc("plan", "prices_known_until", self.prices_known_until)
            object.__setattr__(self, "prices_known_until", known_until)
        n = self.horizon.steps
        series = {
            "load_kw": self.load_kw,
            "unserved_kw": self.unserved_kw,
            "import_kw": self.import_kw,
            "export_kw": self.export_kw,
            "import_price_per_kwh": self.import_price_per_kwh,
            "export_price_per_kwh": self.export_price_per_kwh,
            **{f"{asset.asset}.power_kw": asset.power_kw for asset in self.assets},
        }
        for name, values in series.items():
            if len(values) != n:
                raise ValueError(f"plan: {name} must have {n} values, got {len(values)}")

    def saving_beside(self, kind: str) -> float | None:
        """How much less this plan costs, in currency, than the home run that way; None if nobody worked it out."""
        baseline = next((baseline for baseline in self.baselines if baseline.kind == kind), None)
        return None if baseline is None else baseline.cost.total - self.cost.total

    def asset(self, name: str) -> AssetPlan | None:
        """The plan of the asset with that name, if it is in the plan."""
        return next((asset for asset in self.assets if asset.asset == name), None)

    @property
    def grid_kw(self) -> tuple[float, ...]:
        """Net exchange per slot; positive imports."""
        return tuple(i - e for i, e in zip(self.import_kw, self.export_kw, strict=True))
