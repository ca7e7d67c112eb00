"""Quarters of an hour that got points after their task had run are computed again, a piece at a time."""

from collections.abc import Callable, Mapping
import logging

from ..influx import InfluxRefused, InfluxUnreachable
from ..late import QUARTER_S, LatePoints, stretches
from .home import HomeProvisioner
from .memory import Memory
from .options import DAY_S

_LOGGER = logging.getLogger(__name__)
PIECE_S = 6 * 3600
"""At once: 100 sensors each 10 s are 216 000 points, a few seconds of a Raspberry Pi."""


class Again:
    """`compute` before the look at the copy, `told` after it: what the queue did not take meanwhile is copied again."""

    def __init__(self, late: LatePoints, home: HomeProvisioner, memory: Memory, keep_days: int) -> None:
        self._late, self._home, self._memory = late, home, memory
        self._keep_s = keep_days * DAY_S
        self._noted: Mapping[int, int] = {}
        self._computed: dict[int, int] = {}
        self._trouble = ""

    def compute(self, now_s: float, go_on: Callable[[], bool]) -> None:
        """Until all are right, the home's database does not do it, or `go_on` says no; never raises."""
        self._noted, self._computed = self._late.noted(), {}
        # A quarter whose points are partly gone is right as it is; the newest is not over.
        first, newest = -(-(now_s - self._keep_s) // QUARTER_S), now_s // QUARTER_S
        self._computed = {quarter: last for quarter, last in self._noted.items() if quarter < first}
        for start_s, stop_s in stretches(quarter for quarter in self._noted if first <= quarter < newest):
            for piece_s in range(start_s, stop_s, PIECE_S):
                if not go_on() or not self._piece(piece_s, min(piece_s + PIECE_S, stop_s)):
                    return

    def told(self, *, is_lossy: bool) -> None:
        """After a look that found whether the queue has lost points since the one before."""
        # Points that came between the last list and the last look are in this list, their loss was seen at that look.
        if is_lossy or self._memory.lossy:
            for start_s, stop_s in stretches(self._noted):
                self._memory.lose(start_s, stop_s)
        self._memory.lossy = is_lossy

    def close(self) -> None:
        """Forget what has been seen to; call it when the memory is on the disk."""
        self._late.done(self._computed)
        self._noted, self._computed = {}, {}

    def _piece(self, start_s: int, stop_s: int) -> bool:
        try:
            self._home.downsample_again(start_s, stop_s)
        except (InfluxUnreachable, InfluxRefused) as error:
            if not self._trouble:
                _LOGGER.warning("Quarters that got points late cannot be computed yet: %s", error)
            self._trouble = str(error)
            return False
        self._trouble = ""
        quarters = range(start_s // QUARTER_S, stop_s // QUARTER_S)
        self._computed.update({quarter: self._noted[quarter] for quarter in quarters})
        return True
