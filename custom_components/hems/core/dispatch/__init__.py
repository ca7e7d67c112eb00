"""From a plan to what each device is told now.

```
plan ───────┐
overrides ──┤ proposals ─ resolve ─┐
operator ───┘    (per asset)       ├─ balance ─ limits ─ Setpoint per asset
live measurements ─ device levels ─┘  (battery)  (site)
```

Nothing here does I/O or reads a clock. The order of authority, from the top:

1. *Device levels* (`levels.py`): a setpoint is always one of the powers its device can take, and a battery
   is never told to cross its reserve. Setpoints are made from levels only, so nothing else can come out.
2. *Site limits* (`limits.py`): import and export stay within the connection and what the grid operator
   allows, judged by the live measurement. Reduced first: EV, battery, flexible load, hot water, heat pump.
3. *Proposals* (`proposals.py`): safety, grid operator, user, plan; a higher priority narrows the bounds for
   the lower ones, which choose inside.
   Between operator and user stand the wishes of events (`steering.py`): levels and powers, as far as comfort and
   deadlines allow.
4. *Balance* (`balance.py`): between two plans a battery takes up what load and PV do differently.

Without a valid plan batteries balance the home to zero exchange, a car is charged only when its departure is
near or somebody asked for it, nothing that runs is interrupted, and everything else is released to its own
control. What is not known is never guessed: the asset is held safe, and its setpoint's health says why.
"""

from .home import setpoints
from .levels import Levels
from .live import LiveAsset, LiveHome
from .meter import Meter
from .proposals import Resolved, of_override, resolve
from .setpoint import Reason, Setpoint

__all__ = [
    "Levels",
    "LiveAsset",
    "LiveHome",
    "Meter",
    "Reason",
    "Resolved",
    "Setpoint",
    "of_override",
    "resolve",
    "setpoints",
]
