"""What price entities have published in the last weeks, over restarts too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..core.forecast import joined_prices
from ..core.model import Series
from ..settings import Kept

SAVE_WITHIN_S = 3600.0
"""A month of quarter-hours is a tenth of a megabyte; what a crash loses, most lists still have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPrices:
    """Currency per kWh by entity."""

    lists: Mapping[str, Series] = field(default_factory=dict)


class PriceMemory:
    """Prices that are not published yet are estimated from those that were."""

    def __init__(self, kept: Kept[PublishedPrices]) -> None:
        self._kept = kept
        self._prices = PublishedPrices()

    async def async_start(self) -> None:
        """Remember."""
        self._prices = await self._kept.async_load() or PublishedPrices()

    async def async_stop(self) -> None:
        """Nothing that was published is lost."""
        await self._kept.async_flush()

    def joined(self, entity_id: str, published: Series, since: datetime) -> Series:
        """What is published now, and what was before, back to `since`; for a worker thread."""
        return joined_prices(published, self._prices.lists.get(entity_id), since)

    def keep(self, entity_id: str, known: Series) -> None:
        """Remember it."""
        if known != self._prices.lists.get(entity_id):
            self._prices = PublishedPrices(lists={**self._prices.lists, entity_id: known})
            self._kept.save_within(SAVE_WITHIN_S, lambda: self._prices)
