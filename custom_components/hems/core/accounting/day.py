"""The account of one local day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any, Self

from .flows import Flows
from .shadow import finite_number


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
    stored_kwh: float = 0.0
    """What the real home has come to hold more than the shadow since the day began, as energy at the bus."""
    unvalued_kwh: float = 0.0
    """The same, come about while the price was unknown: in no saving, as its cost is in none."""
    priced_h: float = 0.0
    """Hours with a known import price ..."""
    price_h_per_kwh: float = 0.0
    """... and the sum of those prices times their hours."""
    flows: Flows = field(default_factory=Flows)
    """kWh."""

    @property
    def mean_price_per_kwh(self) -> float | None:
        """Of import, each hour counting alike; None before the first price."""
        return self.price_h_per_kwh / self.priced_h if self.priced_h > 0.0 else None

    @property
    def stored_worth(self) -> float:
        """`stored_kwh` at the day's mean import price; positive when the real home holds more.

        What the home holds less must be bought, and what it holds more need not be, at an hour that nobody
        knows yet. The mean over time favours no hour and no device; a price of this moment would have the
        saving jump with every slot of the tariff, and the cheapest one to come would count a plan as done.
        """
        return self.stored_kwh * (self.mean_price_per_kwh or 0.0)

    @property
    def saving(self) -> float:
        """What HEMS was worth: the cost it spared, and what the home holds more, or less, for it."""
        return self.counterfactual_cost - self.cost + self.stored_worth

    @property
    def self_consumption(self) -> float | None:
        """Share of PV that was not fed in; None without PV."""
        return self.flows.self_consumption

    @property
    def self_sufficiency(self) -> float | None:
        """Share of the consumption that did not come from the grid; None without consumption."""
        return self.flows.self_sufficiency

    def with_price(self, price_per_kwh: float, hours: float) -> Self:
        """The mean price includes this one."""
        return replace(
            self, priced_h=self.priced_h + hours, price_h_per_kwh=self.price_h_per_kwh + price_per_kwh * hours
        )

    def plain(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self) | {"day": self.day.isoformat()}

    @classmethod
    def of_plain(cls, plain: object) -> Self:
        """Read what `plain` gave.

        Raises:
            ValueError: it is something else; the message names the field.
        """
        flows = plain.get("flows") if isinstance(plain, Mapping) else None
        if not (isinstance(plain, Mapping) and isinstance(flows, Mapping)):
            raise ValueError(f"accounting: day must be an account with flows, got {plain!r}")  # noqa: TRY004 - content
        numbers = [entry.name for entry in fields(cls) if entry.name not in {"day", "flows"}]
        return cls(
            day=date.fromisoformat(str(plain.get("day"))),
            flows=Flows(**{entry.name: finite_number(entry.name, flows.get(entry.name)) for entry in fields(Flows)}),
            **{name: finite_number(name, plain.get(name)) for name in numbers},
        )
