"""Why a plan does what it does: in a word for the next change, with money for every stretch, and what else would cost.

Reads plans; whoever wants a question answered that takes another plan brings the planner along.
"""

from .case import OtherTime
from .next_action import NextStep, next_action
from .reasons import Reason, reasons
from .words import Action, Why

__all__ = ["Action", "NextStep", "OtherTime", "Reason", "Why", "next_action", "reasons"]
