"""A safe plan without any solver: plain rules, simulated step by step inside every hard limit.

The battery follows the meter, cars are charged evenly until they leave, thermostats keep the lower end of
their bands, programmes start as early as the fuse allows.
"""

from .plan import fallback_plan
from .uncontrolled import uncontrolled_plan

__all__ = ["fallback_plan", "uncontrolled_plan"]
