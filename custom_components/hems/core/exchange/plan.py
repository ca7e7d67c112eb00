"""The plan in force, small enough for a retained message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from ..model import Plan, PlanRequest, PvState
from ..model.value import Value
from .reading import adapter_of, read
from .topics import asset_id

POWER_DIGITS = 3
PRICE_DIGITS = 5
type Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTimes(Value):
    """When a slot is."""

    start: AwareDatetime
    end: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAsset(Value):
    """What one asset shall do."""

    kind: str
    power_kw: Numbers
    """Per slot; positive draws from the home's bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMessage(Value):
    """Every series has one value for each slot."""

    schema: Literal[1] = 1
    """Version of the message."""
    site: Annotated[str, Field(min_length=1, max_length=64)]
    made: AwareDatetime
    expires: AwareDatetime
    """From then on nobody follows it."""
    outcome: str
    """optimal, feasible, infeasible, timed_out or fallback."""
    currency: str
    cost: float
    """Of the whole time in currency: energy, wear, comfort missed, minus the worth of what is left stored."""
    bill: float
    """The part of it that changes hands."""
    slots: tuple[SlotTimes, ...]
    assets: Mapping[str, PlannedAsset]
    """By asset."""
    grid_kw: Numbers
    """Positive imports."""
    load_kw: Numbers
    """What HEMS does not control."""
    import_price_per_kwh: Numbers
    export_price_per_kwh: Numbers
    available_kw: Mapping[str, Numbers] = field(default_factory=dict)
    """By array: what the sun offers."""

    def __post_init__(self) -> None:
        lengths = {
            "grid_kw": len(self.grid_kw),
            "load_kw": len(self.load_kw),
            "import_price_per_kwh": len(self.import_price_per_kwh),
            "export_price_per_kwh": len(self.export_price_per_kwh),
            **{f"assets.{name}.power_kw": len(asset.power_kw) for name, asset in self.assets.items()},
            **{f"available_kw.{name}": len(values) for name, values in self.available_kw.items()},
        }
        for name, length in lengths.items():
            if length != len(self.slots):
                raise ValueError(f"{name} must have one value for each of the {len(self.slots)} slots, got {length}")


adapter_of(PlanMessage)


def read_plan(payload: bytes | bytearray | str) -> PlanMessage:
    """JSON as a plan.

    Raises:
        ExchangeError: it is not a valid message.
    """
    return read(PlanMessage, payload)


def plan_message(plan: Plan, request: PlanRequest | None, ids: Mapping[str, str] | None = None) -> PlanMessage:
    """A plan as it is published.

    Args:
        plan: the one in force.
        request: what it was made from; it knows what the sun offers.
        ids: what assets are called in messages; those that are not in it are called by their name.
    """
    edges, ids = plan.horizon.edges, ids or {}
    return PlanMessage(
        site=plan_site(request),
        made=plan.made_at,
        expires=plan.expires_at,
        outcome=str(getattr(plan.outcome, "kind", "")),
        currency=plan.currency,
        cost=round(plan.cost.total, 4),
        bill=round(plan.cost.bill, 4),
        slots=tuple(SlotTimes(start=start, end=end) for start, end in pairwise(edges)),
        assets={
            _called(asset.asset, ids): PlannedAsset(kind=asset.kind, power_kw=_rounded(asset.power_kw, POWER_DIGITS))
            for asset in plan.assets
        },
        grid_kw=_rounded(plan.grid_kw, POWER_DIGITS),
        load_kw=_rounded(plan.load_kw, POWER_DIGITS),
        import_price_per_kwh=_rounded(plan.import_price_per_kwh, PRICE_DIGITS),
        export_price_per_kwh=_rounded(plan.export_price_per_kwh, PRICE_DIGITS),
        available_kw={} if request is None else _available(plan, request, ids),
    )


def plan_site(request: PlanRequest | None) -> str:
    """The site's name as one level of a topic."""
    return "home" if request is None else asset_id(request.site.name)


def _available(plan: Plan, request: PlanRequest, ids: Mapping[str, str]) -> dict[str, Numbers]:
    found = {}
    for state in request.states:
        if isinstance(state, PvState):
            found[_called(state.asset, ids)] = _rounded(
                plan.horizon.known(f"{state.asset}.available_kw", state.available_kw), POWER_DIGITS
            )
    return found


def _called(asset: str, ids: Mapping[str, str]) -> str:
    return ids.get(asset) or asset_id(asset)


def _rounded(values: Iterable[float], digits: int) -> Numbers:
    return tuple(round(value, digits) + 0.0 for value in values)
