"""The exchange with the grid between two words of its meter."""

from collections.abc import Mapping
from datetime import datetime

from .live import LiveAsset


class Meter:
    """Remembers what the assets drew when the meter spoke last.

    A meter slower than a battery's own sensor shows the same deficit again and again, beside ever more that the battery
    gives: taken as it is, it would drive the battery from one end to the other.
    """

    def __init__(self) -> None:
        self._spoke_at: datetime | None = None
        self._drawn_kw: Mapping[str, float] = {}

    def exchange_kw(
        self, shown_kw: float | None, spoke_at: datetime | None, assets: Mapping[str, LiveAsset]
    ) -> float | None:
        """What it would show now: its last word, and what the assets have changed since.

        Args:
            shown_kw: its last word, positive for imports; None: unknown.
            spoke_at: when it said so; None: now.
            assets: as they are now.
        """
        drawn_kw = {name: asset.drawn_kw for name, asset in assets.items() if asset.drawn_kw is not None}
        if spoke_at is None or spoke_at != self._spoke_at:
            self._spoke_at, self._drawn_kw = spoke_at, drawn_kw
        if shown_kw is None:
            return None
        # What an asset drew without saying so is in the meter's word already.
        known = self._drawn_kw.keys() & drawn_kw.keys()
        return shown_kw + sum(drawn_kw[name] - self._drawn_kw[name] for name in sorted(known))
