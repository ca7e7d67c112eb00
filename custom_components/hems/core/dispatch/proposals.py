"""Who gets their way: proposals for one asset become one power."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..model import Bounds, Override, Priority, Proposal, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What the proposals for one asset come to."""

    power_kw: float | None = None
    """None: nobody wants a power, so the device is released unless `bounds_kw` forbids what it does."""
    bounds_kw: Bounds = field(default_factory=Bounds)
    source: Source = Source.FALLBACK
    """Whose wish or bound decided."""
    reason: str = ""


def of_override(override: Override) -> Proposal:
    """A user's word: this power and no other, within what operator and device allow."""
    return Proposal(
        asset=override.asset,
        source=Source.USER,
        priority=Priority.USER,
        bounds_kw=Bounds(min_kw=override.power_kw, max_kw=override.power_kw),
        wanted_kw=override.power_kw,
        start=override.start,
        expires=override.until,
        reason="override",
    )


def resolve(proposals: Iterable[Proposal], now: datetime) -> Resolved:
    """Higher priorities narrow the bounds for lower ones, which choose inside them.

    Bounds that leave nothing give way to those of the higher priority, at the end nearest to what the lower
    one wanted. Proposals that have expired or hold only later do not count, and the order in which proposals arrive
    does not matter.
    """
    bounds = _Narrowing()
    last: Proposal | None = None
    for proposal in sorted((entry for entry in proposals if entry.holds(now)), key=_rank):
        bounds.narrow(proposal)
        if proposal.wanted_kw is not None:
            last = proposal
    if last is None or last.wanted_kw is None:
        return Resolved(bounds_kw=bounds.as_bounds, source=bounds.decider.source, reason=bounds.decider.reason)
    power_kw, limit = bounds.clip(last.wanted_kw)
    decider = limit or _Decider(source=last.source, reason=last.reason)
    return Resolved(power_kw=power_kw, bounds_kw=bounds.as_bounds, source=decider.source, reason=decider.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decider:
    """Who set a bound."""

    source: Source = Source.FALLBACK
    reason: str = ""


class _Narrowing:
    """The bounds that are left, and who set each end."""

    def __init__(self) -> None:
        self.low_kw: float | None = None
        self.high_kw: float | None = None
        self.low_by = self.high_by = self.decider = _Decider()

    @property
    def as_bounds(self) -> Bounds:
        return Bounds(min_kw=self.low_kw, max_kw=self.high_kw)

    def clip(self, power_kw: float) -> tuple[float, _Decider | None]:
        """A power inside the bounds, and whose bound moved it there."""
        if self.high_kw is not None and power_kw > self.high_kw:
            return self.high_kw, self.high_by
        if self.low_kw is not None and power_kw < self.low_kw:
            return self.low_kw, self.low_by
        return power_kw, None

    def narrow(self, proposal: Proposal) -> None:
        """Take the bounds of the next lower priority into account."""
        self.decider = own = _Decider(source=proposal.source, reason=proposal.reason)
        low_kw, high_kw = proposal.bounds_kw.min_kw, proposal.bounds_kw.max_kw
        if low_kw is not None and (self.low_kw is None or low_kw > self.low_kw):
            self.low_kw, other = self.clip(low_kw)
            self.low_by = other or own
        if high_kw is not None and (self.high_kw is None or high_kw < self.high_kw):
            self.high_kw, other = self.clip(high_kw)
            self.high_by = other or own


def _rank(proposal: Proposal) -> tuple[object, ...]:
    """Highest priority first; the rest only makes the order the same every time."""
    bounds = proposal.bounds_kw
    return (
        -proposal.priority,
        proposal.source,
        proposal.expires,
        repr((bounds.min_kw, bounds.max_kw, proposal.wanted_kw, proposal.reason)),
    )
