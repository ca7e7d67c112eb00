"""Why a plan does what it does: in a word for the next change, with money for every stretch, and what else would cost.

Reads plans; whoever wants a question answered that takes another plan brings the planner along.
"""

from .case import OtherTime
from .effects import Comfort
from .next_action import NextStep, next_action
from .reasons import Reason, reasons
from .what_if import Warmth, WhatIf, asked_with, can_be_compared, compared
from .words import Action, Why

__all__ = [
    "Action",
    "Comfort",
    "NextStep",
    "OtherTime",
    "Reason",
    "Warmth",
    "WhatIf",
    "Why",
    "asked_with",
    "can_be_compared",
    "compared",
    "next_action",
    "reasons",
]
