"""What a schedule costs and which limits it breaks, worked out from the schedule itself.

Optimiser and fallback are judged by the same rules: one file per kind of asset, chosen by its type.
"""

from .whole import judged_plan

__all__ = ["judged_plan"]
