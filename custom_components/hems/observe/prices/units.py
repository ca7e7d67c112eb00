"""Units of prices."""

import re

PER_ENERGY = {"wh": 1000.0, "kwh": 1.0, "mwh": 0.001}
HUNDREDTHS = {"ct", "c", "cent", "cents", "¢", "p", "pence", "öre", "øre", "ore", "snt", "gr", "eurocent"}
"""Names of the hundredth part of a currency, in lower case."""


def per_kwh(unit: str | None) -> float | None:
    """What a price in this unit is multiplied by to be in currency per kWh; None where the unit is none of a price."""
    match = re.fullmatch(r"\s*(?P<money>[^/]+?)\s*/\s*(?P<energy>[kKmM]?[wW][hH])\s*", unit or "")
    if match is None:
        return None
    money = match["money"].lower()
    return PER_ENERGY[match["energy"].lower()] * (0.01 if money in HUNDREDTHS else 1.0)
