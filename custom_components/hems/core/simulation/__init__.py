"""A simulated home: physics of each asset, the weather and the people, stepped together by `World`.

Everything is drawn from a seed day by day, so the same seed lives the same life whatever the step, a
restart goes on where it stopped, and perfect foresight is exact. Positive power draws from the bus::

    site, world = simulated_home(seed=1, start=start)
    reading = world.step(5.0, {"battery": 2.0, "ev": None})
"""

from .device import Measurement
from .ev import Car
from .example import DEFAULT_NAMES, example_site, simulated_home
from .outlook import Outlook
from .physics import Physics
from .reading import Reading
from .solar import Place
from .world import World

__all__ = [
    "DEFAULT_NAMES",
    "Car",
    "Measurement",
    "Outlook",
    "Physics",
    "Place",
    "Reading",
    "World",
    "example_site",
    "simulated_home",
]
