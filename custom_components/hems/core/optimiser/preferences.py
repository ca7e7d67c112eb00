"""Taste, in currency small enough to break ties only.

Moving a kWh from the beginning of the horizon to its end weighs `EARLY`, so a home that shifts 100 kWh spends
at most 0.2 cents on it, and a price slope of 0.01 ct/kWh over the horizon still wins against it.
"""

EARLY = 2e-5
"""Per kWh, times the part of the horizon that has passed."""
MOVED = 2e-5
"""Per kWh through a battery, so that one without wear does not cycle for nothing."""
CURTAILED = 1e-5
"""Per kWh of sun held back, where selling it earns nothing."""
SWITCHED = 1e-4
"""Per start of a device within the steps that are decided whole."""
