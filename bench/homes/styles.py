"""How HEMS is set up where it is not asked for money with a point forecast."""

from custom_components.hems.core.model import Weights

from .hems import Style

SCENARIO_STYLE = Style(scenarios=5)
OFFERED_STYLE = Style(scenarios=5, weather=True, learned=True)
"""What a new home is offered: five forecasts, the load's learned by the engine, the sun's from a weather service."""
GRID_FRIENDLY = Style(weights=Weights(ramping_price_per_kw=0.2))
"""What CityLearn's score makes of a kW of change: half of the bill without control over the sum of its changes, which
is 0.18 to 0.22 USD in home 1, by the length of the stretch. Emissions have no price: the grid's mix is known of the
day before only, and with one more was bought and sold, so that more was emitted."""
