"""Where the energy went, what it cost, and what it would have cost without HEMS.

`Ledger.record` takes one sample after another and keeps totals that never fall, the account of the
local day, and a shadow of the home that lives without HEMS (see `shadow`). The saving of a day is what
the shadow paid more, and the worth of what the real home has come to hold more since the day began.
`Outturns.record` takes the same samples with the plan and keeps what each of the last hours was expected to be.
"""

from .day import DayAccount
from .flows import Flows, split
from .ledger import Ledger
from .outturn import Outturn, Outturns, Tally, total_of
from .sample import AssetSample, Sample
from .shadow import Shadow
from .uptime import Uptime

__all__ = [
    "AssetSample",
    "DayAccount",
    "Flows",
    "Ledger",
    "Outturn",
    "Outturns",
    "Sample",
    "Shadow",
    "Tally",
    "Uptime",
    "split",
    "total_of",
]
