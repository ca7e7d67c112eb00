"""What the plan expected of each hour when it began, beside what became of it.

The plan that holds when an hour begins is its promise; plans made later within the hour do not change it. Time in
which the home was not measured, or energy had no price, is left out of both sides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from ..model import Plan
from .sample import Sample, cost_of
from .shadow import finite_number

HOUR = timedelta(hours=1)
KEPT = timedelta(hours=24)
SHORTEST_H = 0.05
"""Less of an hour tells nothing: three minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Energy and money of some time, expected or realised."""

    cost: float = 0.0
    """Imported energy minus earnings from export."""
    import_kwh: float = 0.0
    export_kwh: float = 0.0
    load_kwh: float = 0.0
    """Of everything that is not an asset."""
    asset_kwh: Mapping[str, float] = field(default_factory=dict)
    """Drawn (negative: fed) by each asset."""

    def plus(self, other: Tally) -> Self:
        """The sum of both."""
        names = dict.fromkeys((*self.asset_kwh, *other.asset_kwh))
        return replace(
            self,
            cost=self.cost + other.cost,
            import_kwh=self.import_kwh + other.import_kwh,
            export_kwh=self.export_kwh + other.export_kwh,
            load_kwh=self.load_kwh + other.load_kwh,
            asset_kwh={name: self.asset_kwh.get(name, 0.0) + other.asset_kwh.get(name, 0.0) for name in names},
        )

    def of(self, assets: Iterable[str]) -> Self:
        """With those assets only."""
        return replace(self, asset_kwh={name: self.asset_kwh[name] for name in assets})

    def plain(self) -> dict[str, Any]:
        """JSON-able."""
        return {name: getattr(self, name) for name in NUMBERS} | {"asset_kwh": dict(self.asset_kwh)}

    @classmethod
    def of_plain(cls, plain: object) -> Self:
        """Read what `plain` gave.

        Raises:
            ValueError: it is something else; the message names the field.
        """
        asset_kwh = plain.get("asset_kwh") if isinstance(plain, Mapping) else None
        if not (isinstance(plain, Mapping) and isinstance(asset_kwh, Mapping)):
            raise ValueError(f"accounting: an outturn must have numbers and asset_kwh, got {plain!r}")  # noqa: TRY004
        return cls(
            **{name: finite_number(name, plain.get(name)) for name in NUMBERS},
            asset_kwh={str(name): finite_number(f"asset_kwh of {name}", kwh) for name, kwh in asset_kwh.items()},
        )


NUMBERS = ("cost", "import_kwh", "export_kwh", "load_kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outturn:
    """Some time: what the plan expected of it, and what it became."""

    start: datetime
    end: datetime
    counted_h: float
    """How much of it was measured, with prices and under a plan."""
    expected: Tally
    realised: Tally


def total_of(hours: Sequence[Outturn]) -> Outturn | None:
    """All of them together; None of none. An asset counts in the hours in which it was measured and planned."""
    if not hours:
        return None
    expected = realised = Tally()
    for hour in hours:
        expected, realised = expected.plus(hour.expected), realised.plus(hour.realised)
    return Outturn(
        start=hours[0].start,
        end=hours[-1].end,
        counted_h=sum(hour.counted_h for hour in hours),
        expected=expected,
        realised=realised,
    )


class Outturns:
    """Counts sample after sample against the plans; hours are those of the clock in UTC."""

    def __init__(self, past: Sequence[Outturn] = ()) -> None:
        """Goes on after `past`."""
        self.past: tuple[Outturn, ...] = tuple(past)
        """Of the last 24 hours, the oldest first; the running hour is not among them."""
        self._hour: datetime | None = None
        self._promise: Plan | None = None
        self._spans: list[tuple[datetime, datetime]] = []
        self._realised = Tally()
        self._unmeasured: set[str] = set()

    def record(self, sample: Sample, plan: Plan | None) -> None:
        """Count a sample; `plan` is the last one that was made."""
        for part in _by_hour(sample):
            start = part.end - timedelta(seconds=part.dt_s)
            hour = _hour_of(start)
            if hour != self._hour:
                self._turn_page(hour)
            if self._promise is None and plan is not None and plan.made_at <= part.end and start < plan.expires_at:
                self._promise = plan
            if self._promise is not None:
                self._count(part, start)

    def state(self) -> list[dict[str, Any]]:
        """JSON-able; the running hour begins anew."""
        return [
            {
                "start": hour.start.isoformat(),
                "end": hour.end.isoformat(),
                "counted_h": hour.counted_h,
                "expected": hour.expected.plain(),
                "realised": hour.realised.plain(),
            }
            for hour in self.past
        ]

    @classmethod
    def restore(cls, state: object) -> Self:
        """Go on from a `state`.

        Raises:
            ValueError: it is no such state; the message names the field.
        """
        if not isinstance(state, list):
            raise ValueError(f"accounting: outturns must be a list, got {state!r}")  # noqa: TRY004 - bad content
        return cls([_restored(entry) for entry in state])

    def _count(self, part: Sample, start: datetime) -> None:
        dt_h = part.dt_s / 3600.0
        powers_kw = {name: asset.power_kw for name, asset in part.assets.items()}
        self._unmeasured |= {name for name, power_kw in powers_kw.items() if power_kw is None}
        measured_kw = {name: power_kw for name, power_kw in powers_kw.items() if power_kw is not None}
        net_kw = part.load_kw + sum(measured_kw.values())
        cost = cost_of(net_kw * dt_h, part)
        if cost is None:
            return
        fed_in_kw = max(0.0, -net_kw, part.exported_kw or 0.0)
        self._realised = self._realised.plus(
            Tally(
                cost=cost,
                import_kwh=(net_kw + fed_in_kw) * dt_h,
                export_kwh=fed_in_kw * dt_h,
                load_kwh=part.load_kw * dt_h,
                asset_kwh={name: power_kw * dt_h for name, power_kw in measured_kw.items()},
            )
        )
        if self._spans and self._spans[-1][1] == start:
            start = self._spans.pop()[0]
        self._spans.append((start, part.end))

    def _turn_page(self, hour: datetime) -> None:
        done = self._finished()
        self.past = tuple(kept for kept in (*self.past, *done) if kept.start >= hour - KEPT)
        self._hour, self._promise, self._spans = hour, None, []
        self._realised, self._unmeasured = Tally(), set()

    def _finished(self) -> Iterator[Outturn]:
        """The running hour, if enough of it was counted."""
        counted_h = sum((end - start).total_seconds() for start, end in self._spans) / 3600.0
        if self._hour is None or self._promise is None or counted_h < SHORTEST_H:
            return
        expected = expected_of(self._promise, self._spans)
        both = [
            name for name in expected.asset_kwh if name in self._realised.asset_kwh and name not in self._unmeasured
        ]
        yield Outturn(
            start=self._hour,
            end=self._hour + HOUR,
            counted_h=counted_h,
            expected=expected.of(both),
            realised=self._realised.of(both),
        )


def expected_of(plan: Plan, spans: Iterable[tuple[datetime, datetime]]) -> Tally:
    """What a plan has for some spans of time."""
    shares = [0.0] * plan.horizon.steps
    for start, end in spans:
        shares = [known + more for known, more in zip(shares, plan.horizon.overlap(start, end), strict=True)]
    hours = [share * step_h for share, step_h in zip(shares, plan.horizon.steps_h, strict=True)]
    bought, sold = _times(plan.import_kw, hours), _times(plan.export_kw, hours)
    return Tally(
        cost=sum(_times(plan.import_price_per_kwh, bought)) - sum(_times(plan.export_price_per_kwh, sold)),
        import_kwh=sum(bought),
        export_kwh=sum(sold),
        load_kwh=sum(_times(plan.load_kw, hours)),
        asset_kwh={asset.asset: sum(_times(asset.power_kw, hours)) for asset in plan.assets},
    )


def _times(values: Sequence[float], hours: Sequence[float]) -> list[float]:
    return [value * h for value, h in zip(values, hours, strict=True)]


def _hour_of(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _by_hour(sample: Sample) -> Iterator[Sample]:
    """The parts of a sample in each hour; power is taken as constant."""
    start = sample.end - timedelta(seconds=sample.dt_s)
    while start < sample.end:
        end = min(sample.end, _hour_of(start) + HOUR)
        yield replace(sample, end=end, dt_s=(end - start).total_seconds())
        start = end


def _restored(entry: object) -> Outturn:
    if not isinstance(entry, Mapping):
        raise ValueError(f"accounting: an outturn must be a mapping, got {entry!r}")  # noqa: TRY004 - bad content
    start, end = (datetime.fromisoformat(str(entry.get(name))) for name in ("start", "end"))
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError(f"accounting: an outturn must carry a time zone, got {start.isoformat()}")
    return Outturn(
        start=start,
        end=end,
        counted_h=finite_number("counted_h", entry.get("counted_h")),
        expected=Tally.of_plain(entry.get("expected")),
        realised=Tally.of_plain(entry.get("realised")),
    )
