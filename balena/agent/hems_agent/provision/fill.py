"""What the fleet missed is read from the home's own bucket and written to the fleet: at most once too often.

A point that is there already is overwritten by itself. Progress is remembered after each piece, so that a lost
connection or a restart goes on where it was.
"""

from collections.abc import Callable, Iterator
from itertools import batched
import logging

from ..influx import NO_ORG, WRITTEN, Influx, InfluxUnreachable, Row, rfc3339
from .memory import Remembered
from .options import DAY_S, QUARTERS, FleetOptions

_LOGGER = logging.getLogger(__name__)

BATCH_POINTS = 5000
"""What InfluxDB's own replication sends at once."""
PIECE_S = {QUARTERS: DAY_S}
PIECE_RAW_S = 1800
"""100 sensors each 10 s are 18 000 points in a half-hour, which fits the memory of a small board."""


class BackFill:
    """Copies stretches, a piece at a time."""

    def __init__(self, home: Influx, org: str, remembered: Remembered) -> None:
        self._home = home
        self._org = org
        self._remembered = remembered

    def run(self, wanted: FleetOptions, org_id: str | None, go_on: Callable[[], bool]) -> None:
        """Until nothing is missing, the fleet does not take it, or `go_on` says no; never raises for the fleet.

        Raises InfluxUnreachable or InfluxRefused for the home's own.
        """
        memory = self._remembered.memory
        piece_s = PIECE_S.get(wanted.source, PIECE_RAW_S)
        fleet = Influx(wanted.url, lambda: wanted.token, ca=wanted.ca)
        try:
            while memory.lost and go_on():
                start_s, stop_s = memory.lost[0]
                until_s = min(start_s + piece_s, stop_s)
                rows = self._home.rows(_flux(wanted.source, start_s, until_s), self._org)
                if not self._copy(rows, fleet, org_id or NO_ORG, wanted.bucket):
                    return
                memory.lost[0] = (until_s, stop_s)
                if until_s >= stop_s:
                    memory.lost.pop(0)
                    _LOGGER.info("The fleet has what it missed from %s to %s", rfc3339(start_s), rfc3339(stop_s))
                self._remembered.save()
        finally:
            fleet.close()

    def _copy(self, rows: Iterator[Row], fleet: Influx, org: str, bucket: str) -> bool:
        """Whether the fleet has them now, but for what it will never take."""
        for some in batched(rows, BATCH_POINTS, strict=False):
            try:
                status, message = fleet.write(org, bucket, (row.line() for row in some))
            except InfluxUnreachable as err:
                _LOGGER.info("The back-fill waits: %s", err)
                return False
            if status == WRITTEN:
                self._remembered.memory.filled_points += len(some)
            elif status in {400, 422}:
                _LOGGER.warning("The fleet refuses points of the back-fill: %s", message)
            else:
                _LOGGER.info("The back-fill waits: the fleet answers %s", status)
                return False
        return True


def _flux(bucket: str, start_s: float, stop_s: float) -> str:
    return f"""\
from(bucket: "{bucket}")
  |> range(start: {rfc3339(start_s)}, stop: {rfc3339(stop_s)})
  |> drop(columns: ["_start", "_stop"])
"""
