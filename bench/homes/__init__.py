"""Controllers in charge of real homes: measured load and sun, the battery's energy as exact arithmetic.

`data.py` reads the homes, `plant.py` is their physics, `view.py` what a controller may know. `rules.py`, `peers.py`
and `hems.py` are the controllers, `foresight.py` is what none of them can beat, `scores.py` what they are judged by.
"""
