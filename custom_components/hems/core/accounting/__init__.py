"""Where the energy went, what it cost, and what it would have cost without HEMS.

`Ledger.record` takes one sample after another and keeps totals that never fall, the account of the
local day, and a shadow of the home that lives without HEMS (see `shadow`).
"""

from .flows import Flows, split
from .ledger import AssetSample, DayAccount, Ledger, Sample
from .shadow import Shadow

__all__ = ["AssetSample", "DayAccount", "Flows", "Ledger", "Sample", "Shadow", "split"]
