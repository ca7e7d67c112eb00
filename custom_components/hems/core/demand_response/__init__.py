"""Events that a grid operator or a demand-response script asks for, from request to end.

```
request ── asked ──> accepted ── its start ──> active ── its end ──> done
              │          └────── cancelled, opted_out <────┘
              └> refused (expired, known already, another home, impossible, out of range)
```

Nothing here reads a clock or does I/O: every step takes the ledger as it is and gives the next one. Two views of it
make the home obey: `limits` go into the plan and into dispatch as hard limits, `steering` says what devices shall do
at this moment. Where events overlap, the most restrictive counts: the lowest limit, the lower power, less before more.
"""

from .event import GridEvent
from .ledger import KEPT, Ledger, advanced, asked, cancelled, next_change, opted_out
from .obeying import limits, signals, steering, words
from .reach import Reach, Steerable
from .refusals import EventRefused

__all__ = [
    "KEPT",
    "EventRefused",
    "GridEvent",
    "Ledger",
    "Reach",
    "Steerable",
    "advanced",
    "asked",
    "cancelled",
    "limits",
    "next_change",
    "opted_out",
    "signals",
    "steering",
    "words",
]
