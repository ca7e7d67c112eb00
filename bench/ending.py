"""What a home is worth when a run is over."""

from datetime import timedelta

from custom_components.hems.core.model import Horizon
from custom_components.hems.core.simulation import World

from .bound import least_cost
from .prices import Market

AFTERWARDS_DAYS = 2
"""The days after a run by which what the home is left with is judged."""


class Ending:
    """What a home is left with when a run is over: what the days after it cost at least from there.

    A price per kWh held would reward a controller that ends full and punish one that, rightly, leaves the car for
    the cheap hours of the coming night; no controller knows that the run ends. So the best that perfect foresight
    could do in the two days after the run counts, beyond what it would cost a fresh home. The bound is one program
    over the run and those days.
    """

    def __init__(self, begun: World, fresh: World, market: Market, days: int) -> None:
        """`begun` as it is before the run, `fresh` the same home as if it began when the run ends."""
        after = Horizon.even(fresh.now, timedelta(hours=1), 24 * AFTERWARDS_DAYS)
        prices = after.known("import", market.tariff.import_price)
        self._tariff = market.tariff
        self._held_price = sum(prices) / len(prices)
        self._usual = self._least(fresh, AFTERWARDS_DAYS)
        self.bound = self._least(begun, days + AFTERWARDS_DAYS) - self._usual

    def cost(self, left: World) -> float:
        """Of the home as a controller has left it."""
        return self._least(left, AFTERWARDS_DAYS) - self._usual

    def _least(self, world: World, days: int) -> float:
        return least_cost(world, self._tariff, days, self._held_price)
