"""Counters of energy and money."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..model import Battery, Pv, Site
from .day import DayAccount
from .flows import Flows, split
from .migration import STATE_VERSION, migrated
from .sample import Sample, cost_of
from .shadow import Shadow, finite_number

GRID = "grid"
LOAD = "load"
SILENCE = timedelta(seconds=1)
"""What is between two samples further apart than this is unknown."""


class Ledger:
    """Counts sample after sample; days change at local midnight, also in the middle of a sample."""

    def __init__(self, site: Site) -> None:
        """Starts at zero."""
        self._site = site
        self._zone = ZoneInfo(site.time_zone)
        self._totals: dict[str, list[float]] = {}
        self._leads_kwh: dict[str, float] = {}
        """By asset: how far the real one was ahead of the shadow after the last sample."""
        self._counted_until: datetime | None = None
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
            "today": self.today.plain() if self.today else None,
            "yesterday": self.yesterday.plain() if self.yesterday else None,
            "shadow": self.shadow.state(),
            "leads_kwh": dict(self._leads_kwh),
            "counted_until": self._counted_until.isoformat() if self._counted_until else None,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], site: Site) -> Ledger:
        """Go on from a `state`, of this version or an older one.

        Raises:
            ValueError: it is no such state; the message names the field.
        """
        state = migrated(state)
        totals, shadow, leads_kwh = state.get("totals"), state.get("shadow"), state.get("leads_kwh")
        if not (isinstance(totals, Mapping) and isinstance(shadow, Mapping) and isinstance(leads_kwh, Mapping)):
            raise ValueError("accounting: state must have totals, shadow and leads_kwh")  # noqa: TRY004 - bad content
        ledger = cls(site)
        for name, pair in totals.items():
            if not (isinstance(pair, list) and len(pair) == 2):
                raise ValueError(f"accounting: totals of {name} must be two numbers, got {pair!r}")
            ledger._totals[name] = [finite_number(f"totals of {name}", value) for value in pair]
        ledger.today, ledger.yesterday = _parsed(state.get("today")), _parsed(state.get("yesterday"))
        ledger.shadow.restore(shadow)
        for name, lead_kwh in leads_kwh.items():
            if site.asset(name) is not None:
                ledger._leads_kwh[name] = finite_number(f"leads_kwh of {name}", lead_kwh)
        ledger._counted_until = _instant(state.get("counted_until"))
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
        flows = self._flows(sample)
        for name, asset in sample.assets.items():
            if asset.power_kw is not None:
                self._count(name, asset.power_kw, dt_h)
        self._count(LOAD, sample.load_kw, dt_h)
        self._count_grid(flows.imported - flows.exported, sample.exported_kw, dt_h)
        if self._counted_until is not None and start - self._counted_until > SILENCE:
            self.shadow.resume(sample.assets, dt_h)
            self._leads_kwh |= self.shadow.leads_kwh(sample.outdoor_c)
        self._counted_until = sample.end
        shadow_kw = self.shadow.grid_kw(sample.assets, sample.load_kw, sample.outdoor_c, dt_h)
        self._charge(sample, flows, shadow_kw, self._gained_kwh(sample), dt_h)

    def _flows(self, sample: Sample) -> Flows:
        powers_kw = {name: asset.power_kw for name, asset in sample.assets.items() if asset.power_kw is not None}
        kinds = {name: self._site.asset(name) for name in powers_kw}
        pv_kw = -sum(power for name, power in powers_kw.items() if isinstance(kinds[name], Pv))
        battery_kw = sum(power for name, power in powers_kw.items() if isinstance(kinds[name], Battery))
        consumed_kw = sample.load_kw + sum(
            power for name, power in powers_kw.items() if not isinstance(kinds[name], Pv | Battery)
        )
        return split(pv_kw, battery_kw, consumed_kw)

    def _gained_kwh(self, sample: Sample) -> float:
        """By how much the real home has got further ahead of the shadow in this sample."""
        leads_kwh = self.shadow.leads_kwh(sample.outdoor_c)
        gained_kwh = sum(lead_kwh - self._leads_kwh.get(name, 0.0) for name, lead_kwh in leads_kwh.items())
        self._leads_kwh |= leads_kwh
        return gained_kwh

    def _turn_page(self, day: date) -> None:
        if self.today is None:
            self.today = DayAccount(day=day)
        elif self.today.day != day:
            self.yesterday, self.today = self.today, DayAccount(day=day)

    def _count(self, name: str, power_kw: float, dt_h: float) -> None:
        pair = self._totals.setdefault(name, [0.0, 0.0])
        pair[0 if power_kw >= 0.0 else 1] += abs(power_kw) * dt_h

    def _count_grid(self, net_kw: float, exported_kw: float | None, dt_h: float) -> None:
        """Both directions of a sample, the one that `net_kw` hides too.

        Its cost is that of the net: the shadow knows no other, and only like compared with like is a saving.
        """
        fed_in_kw = max(0.0, -net_kw, exported_kw or 0.0)
        self._count(GRID, net_kw + fed_in_kw, dt_h)
        self._count(GRID, -fed_in_kw, dt_h)

    def _charge(self, sample: Sample, flows: Flows, shadow_kw: float, gained_kwh: float, dt_h: float) -> None:
        today = self.today or DayAccount(day=sample.end.date())
        grid_kwh = (flows.imported - flows.exported) * dt_h
        cost, shadow_cost = cost_of(grid_kwh, sample), cost_of(shadow_kw * dt_h, sample)
        if cost is None or shadow_cost is None:
            today = replace(today, unpriced_kwh=today.unpriced_kwh + abs(grid_kwh))
        else:
            today = replace(today, cost=today.cost + cost, counterfactual_cost=today.counterfactual_cost + shadow_cost)
        if sample.import_price_per_kwh is not None:
            today = today.with_price(sample.import_price_per_kwh, dt_h)
        if cost is None or shadow_cost is None or sample.import_price_per_kwh is None:
            today = replace(today, unvalued_kwh=today.unvalued_kwh + gained_kwh)
        else:
            today = replace(today, stored_kwh=today.stored_kwh + gained_kwh)
        self.today = replace(today, flows=today.flows.plus(flows, dt_h))


def _parsed(plain: object) -> DayAccount | None:
    return None if plain is None else DayAccount.of_plain(plain)


def _instant(plain: object) -> datetime | None:
    instant = None if plain is None else datetime.fromisoformat(str(plain))
    if instant is not None and instant.tzinfo is None:
        raise ValueError(f"accounting: counted_until must carry a time zone, got {plain}")
    return instant
