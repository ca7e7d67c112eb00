"""One mixed-integer program for the whole home; the only importer of cvxpy.

`solve(request)` builds a block of equations per asset (`battery.py`, `ev.py`, ...), joins them on the bus
(`grid.py`, `problem.py`), has HiGHS search (`solver.py`), re-simulates the schedule and judges it afresh.
The equations are derived in `docs/model/`.
"""

from .outcome import NoPlan
from .problem import solve

__all__ = ["NoPlan", "solve"]
