"""What the fuse of each phase still carries in the step that is being decided."""

from math import inf

from ..model import Asset, EvCharger
from ..model.phases import shares_of, single
from ..model.terms import Terms


class PhaseRoom:
    """Keeps count of what the phases draw; without limits where nobody asked for the phases."""

    def __init__(self, terms: Terms) -> None:
        self._site = terms.request.site
        self._load_kw = terms.load_kw
        self._drawn_kw = [0.0, 0.0, 0.0]

    def begin(self, index: int) -> None:
        """A new step, in which so far only the load draws."""
        self._drawn_kw = [share * self._load_kw[index] for share in self._site.load_phase_shares]

    def room_kw(self, asset: Asset) -> float:
        """Most power of one more device; of a charging point so that it fits on one phase and on three."""
        limit_kw = self._site.max_phase_kw
        if limit_kw is None:
            return inf
        ways = [shares_of(self._site, asset)]
        if isinstance(asset, EvCharger) and 1 in asset.phases:
            ways.append(single(asset.phase))
        return min(
            max(0.0, limit_kw - drawn) / share
            for shares in ways
            for drawn, share in zip(self._drawn_kw, shares, strict=True)
            if share > 0.0
        )

    def add(self, asset: Asset, power_kw: float) -> None:
        """One more device; one that may charge on one phase or three counts with the more of the two."""
        shares = shares_of(self._site, asset)
        if isinstance(asset, EvCharger) and 1 in asset.phases:
            alone = single(asset.phase)
            shares = alone if set(asset.phases) == {1} else tuple(map(max, alone, shares, strict=True))
        self._drawn_kw = [drawn + share * power_kw for drawn, share in zip(self._drawn_kw, shares, strict=True)]
