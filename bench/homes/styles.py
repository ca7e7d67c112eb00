"""How HEMS is set up where it is not asked for money with a point forecast."""

from custom_components.hems.core.model import CapacityCharge, Weights

from .hems import Style

SCENARIO_STYLE = Style(scenarios=5)
GRID_FRIENDLY = Style(
    weights=Weights(co2_price_per_kg=0.2, exchange_price_per_kwh=0.05),
    capacity=CapacityCharge(price_per_kw=0.1, period="day"),
)
"""CityLearn's score counts emissions and what the grid feels as much as money."""
