"""Counters of energy and money."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from ..model import Battery, Pv, Site
from .flows import Flows, split
from .shadow import Shadow, finite_number

STATE_VERSION = 1
GRID = "grid"
LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSample:
    """What one device did; None is unknown and is not counted."""

    power_kw: float | None = None
    """Mean over the sample; positive draws from the bus."""
    energy_kwh: float | None = None
    """In the battery or the plugged-in car."""
    temperature_c: float | None = None
    connected: bool | None = None
    target_kwh: float | None = None
    """EV: what its driver wants at departure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The home from `end` - `dt_s` to `end`."""

    end: datetime
    dt_s: float
    assets: Mapping[str, AssetSample]
    load_kw: float
    """Everything that is not an asset."""
    import_price_per_kwh: float | None
    """None: the energy is counted, its cost is not, and `DayAccount.unpriced_kwh` says so."""
    export_price_per_kwh: float | None
    outdoor_c: float | None = None

    def __post_init__(self) -> None:
        if self.end.tzinfo is None:
            raise ValueError(f"sample: end must carry a time zone, got the naive time {self.end.isoformat()}")
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if not (isfinite(self.dt_s) and self.dt_s > 0.0):
            raise ValueError(f"sample: dt_s must be above 0, got {self.dt_s}")
        numbers = {"load_kw": self.load_kw, "import_price_per_kwh": self.import_price_per_kwh}
        numbers |= {"export_price_per_kwh": self.export_price_per_kwh, "outdoor_c": self.outdoor_c}
        numbers |= {f"{name}.power_kw": asset.power_kw for name, asset in self.assets.items()}
        for name, value in numbers.items():
            if value is not None and not isfinite(value):
                raise ValueError(f"sample: {name} must be a finite number, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAccount:
    """One local day so far."""

    day: date
    cost: float = 0.0
    """Imported energy minus earnings from export."""
    counterfactual_cost: float = 0.0
    """The same without HEMS, see `shadow`."""
    unpriced_kwh: float = 0.0
    """Exchanged with the grid while the price was unknown."""
    flows: Flows = field(default_factory=Flows)
    """kWh."""

    @property
    def saving(self) -> float:
        """What HEMS was worth; what it has stored ahead of the shadow shows on a later day."""
        return self.counterfactual_cost - self.cost

    @property
    def self_consumption(self) -> float | None:
        """Share of PV that was not fed in; None without PV."""
        return self.flows.self_consumption

    @property
    def self_sufficiency(self) -> float | None:
        """Share of the consumption that did not come from the grid; None without consumption."""
        return self.flows.self_sufficiency


class Ledger:
    """Counts sample after sample; days change at local midnight, also in the middle of a sample."""

    def __init__(self, site: Site) -> None:
        """Starts at zero."""
        self._site = site
        self._zone = ZoneInfo(site.time_zone)
        self._totals: dict[str, list[float]] = {}
        self.shadow = Shadow(site)
        self.today: DayAccount | None = None
        """None before the first sample."""
        self.yesterday: DayAccount | None = None

    def energy_kwh(self, name: str, direction: str) -> float:
        """Total `in` (drawn from the bus) or `out` of an asset, of `grid` (in: imported) or of `load`."""
        return self._totals.get(name, [0.0, 0.0])[0 if direction == "in" else 1]

    def record(self, sample: Sample) -> None:
        """Count a sample."""
        for part in self._by_day(sample):
            self._record(part)

    def state(self) -> dict[str, Any]:
        """JSON-able, versioned."""
        return {
            "version": STATE_VERSION,
            "totals": {name: list(pair) for name, pair in self._totals.items()},
            "today": _plain(self.today),
            "yesterday": _plain(self.yesterday),
            "shadow": self.shadow.state(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], site: Site) -> Ledger:
        """Go on from a `state`.

        Raises:
            ValueError: it is not a state of this version; the message names the field.
        """
        totals, shadow = state.get("totals"), state.get("shadow")
        if not (state.get("version") == STATE_VERSION and isinstance(totals, Mapping) and isinstance(shadow, Mapping)):
            raise ValueError(f"accounting: state must be of version {STATE_VERSION}")
        ledger = cls(site)
        for name, pair in totals.items():
            if not (isinstance(pair, list) and len(pair) == 2):
                raise ValueError(f"accounting: totals of {name} must be two numbers, got {pair!r}")
            ledger._totals[name] = [finite_number(f"totals of {name}", value) for value in pair]
        ledger.today, ledger.yesterday = _account(state.get("today")), _account(state.get("yesterday"))
        ledger.shadow.restore(shadow)
        return ledger

    def _by_day(self, sample: Sample) -> Iterator[Sample]:
        """The parts of a sample on each local day; power is taken as constant."""
        start = sample.end - timedelta(seconds=sample.dt_s)
        while True:
            local = start.astimezone(self._zone)
            tomorrow = local.date() + timedelta(days=1)
            midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self._zone).astimezone(UTC)
            if sample.end <= midnight:
                yield replace(sample, dt_s=(sample.end - start).total_seconds())
                return
            yield replace(sample, end=midnight, dt_s=(midnight - start).total_seconds())
            start = midnight

    def _record(self, sample: Sample) -> None:
        dt_h = sample.dt_s / 3600.0
        start = sample.end - timedelta(seconds=sample.dt_s)
        self._turn_page(start.astimezone(self._zone).date())
        powers_kw = {name: asset.power_kw for name, asset in sample.assets.items() if asset.power_kw is not None}
        kinds = {name: self._site.asset(name) for name in powers_kw}
        pv_kw = -sum(power for name, power in powers_kw.items() if isinstance(kinds[name], Pv))
        battery_kw = sum(power for name, power in powers_kw.items() if isinstance(kinds[name], Battery))
        consumed_kw = sample.load_kw + sum(
            power for name, power in powers_kw.items() if not isinstance(kinds[name], Pv | Battery)
        )
        flows = split(pv_kw, battery_kw, consumed_kw)
        for name, power_kw in powers_kw.items():
            self._count(name, power_kw, dt_h)
        self._count(LOAD, sample.load_kw, dt_h)
        self._count(GRID, flows.imported - flows.exported, dt_h)
        shadow_kw = self.shadow.grid_kw(sample.assets, sample.load_kw, sample.outdoor_c, dt_h)
        self._charge(sample, flows, shadow_kw, dt_h)

    def _turn_page(self, day: date) -> None:
        if self.today is None:
            self.today = DayAccount(day=day)
        elif self.today.day != day:
            self.yesterday, self.today = self.today, DayAccount(day=day)

    def _count(self, name: str, power_kw: float, dt_h: float) -> None:
        pair = self._totals.setdefault(name, [0.0, 0.0])
        pair[0 if power_kw >= 0.0 else 1] += abs(power_kw) * dt_h

    def _charge(self, sample: Sample, flows: Flows, shadow_kw: float, dt_h: float) -> None:
        today = self.today or DayAccount(day=sample.end.date())
        grid_kwh = (flows.imported - flows.exported) * dt_h
        cost, shadow_cost = _cost(grid_kwh, sample), _cost(shadow_kw * dt_h, sample)
        if cost is None or shadow_cost is None:
            today = replace(today, unpriced_kwh=today.unpriced_kwh + abs(grid_kwh))
        else:
            today = replace(today, cost=today.cost + cost, counterfactual_cost=today.counterfactual_cost + shadow_cost)
        self.today = replace(today, flows=today.flows.plus(flows, dt_h))


def _cost(exchanged_kwh: float, sample: Sample) -> float | None:
    """Money for energy that crossed the meter, positive when paid; None where its price is unknown."""
    price = sample.import_price_per_kwh if exchanged_kwh > 0.0 else sample.export_price_per_kwh
    return None if price is None else exchanged_kwh * price


def _plain(account: DayAccount | None) -> dict[str, Any] | None:
    return None if account is None else asdict(account) | {"day": account.day.isoformat()}


def _account(plain: object) -> DayAccount | None:
    if plain is None:
        return None
    flows = plain.get("flows") if isinstance(plain, Mapping) else None
    if not (isinstance(plain, Mapping) and isinstance(flows, Mapping)):
        raise ValueError(f"accounting: day must be an account with flows, got {plain!r}")  # noqa: TRY004 - bad content
    names = ("cost", "counterfactual_cost", "unpriced_kwh")
    return DayAccount(
        day=date.fromisoformat(str(plain.get("day"))),
        flows=Flows(**{entry.name: finite_number(entry.name, flows.get(entry.name)) for entry in fields(Flows)}),
        **{name: finite_number(name, plain.get(name)) for name in names},
    )
