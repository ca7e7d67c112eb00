"""A simulated home that really runs, with an engine that a test holds in its hands."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.hems.const import DOMAIN
from custom_components.hems.flows.example import EXAMPLE_ASSETS, EXAMPLE_HOME

URL = "http://engine.test:8124"
START = "2026-06-20 10:00:00+00:00"


def a_simulated_entry(*kinds, engine=None, speed=1.0, **changes):
    """The example home, or only these kinds of its assets (title = kind)."""
    data = {
        **EXAMPLE_HOME,
        "name": "Simulated home",
        "currency": "EUR",
        "engine": engine or {"kind": "url", "url": URL, "token": "secret"},
        "simulation_seed": 1,
        "simulation_speed": speed,
    } | changes
    subentries = [
        {"data": EXAMPLE_ASSETS[kind], "subentry_type": kind, "title": kind, "unique_id": None}
        for kind in kinds or EXAMPLE_ASSETS
    ]
    return MockConfigEntry(domain=DOMAIN, title=data["name"], data=data, subentries_data=subentries)
