"""Everything a plan is made from."""

from dataclasses import dataclass
from datetime import datetime

from .asset import Asset, AssetState
from .checks import above, as_utc, at_least, finite, named
from .health import InputHealth
from .horizon import Horizon
from .pv import Pv
from .scenario import Scenario
from .series import Series
from .signals import PreviousPlan, PriceSignal
from .site import Site
from .tariff import Tariff
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(Value):
    """What the household cares about beside the bill."""

    co2_price_per_kg: float = 0.0
    """Currency per kg CO2 of imported energy."""
    comfort: float = 1.0
    """Multiplies every comfort price."""
    exchange_price_per_kwh: float = 0.0
    """Currency per kWh imported or exported: above 0 the home strives for self-consumption."""
    ramping_price_per_kw: float = 0.0
    """Currency per kW by which the exchange changes from one step to the next: above 0 it is evened out."""

    def __post_init__(self) -> None:
        for field in ("co2_price_per_kg", "comfort", "exchange_price_per_kwh", "ramping_price_per_kw"):
            at_least("weights", field, getattr(self, field), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLimit(Value):
    """A limit for a time, from the grid operator or a demand-response event; hard."""

    start: datetime
    end: datetime
    max_import_kw: float | None = None
    max_export_kw: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc("grid limit", "start", self.start))
        object.__setattr__(self, "end", as_utc("grid limit", "end", self.end))
        if self.end <= self.start:
            raise ValueError(f"grid limit: end ({self.end.isoformat()}) must be after start ({self.start.isoformat()})")
        for field in ("max_import_kw", "max_export_kw"):
            limit_kw = getattr(self, field)
            if limit_kw is not None:
                at_least("grid limit", field, limit_kw, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Value):
    """A user's word for one asset: this power from `start` until then, whatever the plan would prefer."""

    asset: str
    power_kw: float
    """Sign as everywhere: positive draws from the bus."""
    start: datetime | None = None
    """None: it holds already."""
    until: datetime

    def __post_init__(self) -> None:
        named("override", self.asset)
        finite(self.asset, "power_kw", self.power_kw)
        object.__setattr__(self, "until", as_utc(self.asset, "until", self.until))
        if self.start is not None:
            object.__setattr__(self, "start", as_utc(self.asset, "start", self.start))
            if self.start >= self.until:
                raise ValueError(
                    f"{self.asset}: start ({self.start.isoformat()}) must be before until ({self.until.isoformat()})"
                )

    def has_begun(self, now: datetime) -> bool:
        """Whether its time has come, be it over or not."""
        return self.start is None or self.start <= now

    def acts(self, now: datetime) -> bool:
        """Whether it decides what the asset does now."""
        return self.has_begun(now) and now < self.until

    def overlaps(self, other: Override) -> bool:
        """Whether there is a moment at which both act."""
        return (self.start is None or self.start < other.until) and (other.start is None or other.start < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions(Value):
    """How long and how exactly to solve."""

    time_limit_s: float = 10.0
    relative_gap: float = 0.001
    absolute_gap: float = 0.02
    """Currency; whichever gap is reached first ends the search."""
    integer_h: float = 2.0
    """On/off decisions are whole this far ahead and relaxed later, where they will be decided again."""
    shared_h: float = 0.5
    """Decisions this far ahead are the same in all scenarios, and those of batteries for as long as nothing tells two
    scenarios apart; 0: each knows from the beginning how it turns out."""
    preference_budget: float = 0.02
    """Most that all preferences together may cost: early rather than late, few starts, close to the plan before.
    Currency; more in proportion where a kWh costs more than 1."""

    def __post_init__(self) -> None:
        above("options", "time_limit_s", self.time_limit_s, 0.0)
        for field in ("relative_gap", "absolute_gap", "integer_h", "shared_h", "preference_budget"):
            at_least("options", field, getattr(self, field), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest(Value):
    """One question to the optimiser; it holds no hidden state, so the same request gives the same plan."""

    now: datetime
    horizon: Horizon
    site: Site
    tariff: Tariff
    load_kw: Series
    """Expected power of everything that HEMS does not control, >= 0."""
    outdoor_c: Series | None = None
    """Needed by heat pumps."""
    co2_kg_per_kwh: Series | None = None
    """Of imported energy; needed when CO2 has a price."""
    grid_kw: float | None = None
    """Exchange just before the horizon, positive imports; where changes have a price, the first is counted from here.
    None: not known, and the first step is free."""
    states: tuple[AssetState, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    """Ways in which load and sun may turn out; none: only the forecasts above and in the states count."""
    limits: tuple[GridLimit, ...] = ()
    price_signals: tuple[PriceSignal, ...] = ()
    """Added to the tariff's prices; those that overlap add up."""
    previous: PreviousPlan | None = None
    """The plan before this one; None: nothing is known of it."""
    prices_known_until: datetime | None = None
    """From then on the tariff's prices are estimates; None: all are known."""
    overrides: tuple[Override, ...] = ()
    weights: Weights = Weights()
    options: SolverOptions = SolverOptions()
    valid_for_s: int = 900
    """After this long the plan has expired."""
    health: tuple[InputHealth, ...] = ()
    """What is known to be poor about this request's inputs; copied into the plan."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", as_utc("request", "now", self.now))
        if self.prices_known_until is not None:
            known_until = as_utc("request", "prices_known_until", self.prices_known_until)
            object.__setattr__(self, "prices_known_until", known_until)
        if not self.horizon.start <= self.now < self.horizon.end:
            raise ValueError(
                f"request: now ({self.now.isoformat()}) must lie in the horizon, which is "
                f"{self.horizon.start.isoformat()} to {self.horizon.end.isoformat()}"
            )
        if self.grid_kw is not None:
            finite("request", "grid_kw", self.grid_kw)
        if self.valid_for_s <= 0:
            raise ValueError(f"request: valid_for_s must be positive, got {self.valid_for_s}")
        self._check_references()
        self._check_coverage()
        self._check_scenarios()

    def _check_references(self) -> None:
        """Each asset has exactly one state of its own kind, and nothing refers to an asset that is not there."""
        by_name: dict[str, AssetState] = {}
        for state in self.states:
            asset = self.site.asset(state.asset)
            if asset is None:
                raise ValueError(f"request: states name {state.asset!r}, which is not an asset of the site")
            if state.asset in by_name:
                raise ValueError(f"request: states name {state.asset!r} twice")
            if kind_of(asset) != kind_of(state):
                raise ValueError(f"{state.asset}: is a {kind_of(asset)}, but its state is of kind {kind_of(state)}")
            by_name[state.asset] = state
        for asset in self.site.assets:
            if asset.name not in by_name:
                raise ValueError(f"request: states must have an entry for {asset.name!r}")
        for override in self.overrides:
            if override.asset not in by_name:
                raise ValueError(f"request: overrides name {override.asset!r}, which is not an asset of the site")

    def _check_coverage(self) -> None:
        """Prices and forecasts cover the whole horizon; the one who asks fills holes and says so in `health`."""
        self.horizon.known("tariff.import_price", self.tariff.import_price)
        self.horizon.known("tariff.export_price", self.tariff.export_price)
        for value in self.horizon.known("load_kw", self.load_kw):
            at_least("request", "load_kw", value, 0.0)
        if self.outdoor_c is not None:
            self.horizon.known("outdoor_c", self.outdoor_c)
        elif any(kind_of(asset) == "heat_pump" for asset in self.site.assets):
            raise ValueError("request: outdoor_c must be given when the site has a heat pump")
        if self.co2_kg_per_kwh is not None:
            self.horizon.known("co2_kg_per_kwh", self.co2_kg_per_kwh)
        elif self.weights.co2_price_per_kg > 0.0:
            raise ValueError("request: co2_kg_per_kwh must be given when co2_price_per_kg is above 0")
        for state in self.states:
            for field in ("available_kw", "draw_kw", "wanted"):
                series = getattr(state, field, None)
                if series is not None:
                    self.horizon.known(f"{state.asset}.{field}", series)

    def _check_scenarios(self) -> None:
        """They speak of arrays that there are, and of the whole horizon."""
        arrays = {asset.name for asset in self.site.assets if isinstance(asset, Pv)}
        for number, scenario in enumerate(self.scenarios):
            self.horizon.known(f"scenarios[{number}].load_kw", scenario.load_kw)
            for name, sun in scenario.available_kw.items():
                if name not in arrays:
                    raise ValueError(f"request: scenarios name {name!r}, which is not a PV array of the site")
                self.horizon.known(f"scenarios[{number}].available_kw.{name}", sun)

    def state_of[S: AssetState](self, asset: Asset, expected: type[S]) -> S:
        """The state of an asset of this site, as the type that goes with its kind."""
        for state in self.states:
            if state.asset == asset.name and isinstance(state, expected):
                return state
        raise LookupError(f"no {expected.__name__} for {asset.name}")


def kind_of(value: Asset | AssetState) -> str:
    """The `kind` of an asset or a state."""
    return str(getattr(value, "kind", type(value).__name__))
