"""Where the energy went, what it cost, and what it would have cost without HEMS.

`Ledger.record` takes one sample after another and keeps totals that never fall, the account of the
local day, and a shadow of the home that lives without HEMS (see `shadow`). The saving of a day is what
the shadow paid more, and the worth of what the real home has come to hold more since the day began.
"""

from .day import DayAccount
from .flows import Flows, split
from .ledger import AssetSample, Ledger, Sample
from .shadow import Shadow

__all__ = ["AssetSample", "DayAccount", "Flows", "Ledger", "Sample", "Shadow", "split"]
