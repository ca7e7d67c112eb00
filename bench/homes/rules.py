"""Controllers that do not plan."""

from collections.abc import Mapping

from .plant import Command, Controller
from .view import View


def no_control(view: View) -> Command:
    """The battery rests: as if there were none."""
    del view
    return Command(battery_kw=0.0)


def greedy(view: View) -> Command:
    """Self-consumption: the surplus into the battery, the deficit out of it."""
    return Command(battery_kw=view.sun_kw - view.load_kw)


def cheap_hours(view: View) -> Command:
    """Self-consumption, but full before it gets dear and untouched while it is cheap: the usual time-of-use rule.

    Cheap is the lower half between the least and the most of the coming day; full means charged from the grid in
    the last three hours before the price rises out of it.
    """
    day = view.home.steps_a_day
    prices = view.import_prices(day)
    limit = (min(prices) + max(prices)) / 2.0
    if max(prices) - min(prices) < 1e-9 or prices[0] > limit:
        return greedy(view)
    soon = round(3.0 / view.home.step_h)
    if any(price > limit for price in prices[1 : soon + 1]):
        return Command(battery_kw=view.home.battery.max_charge_kw)
    return Command(battery_kw=max(0.0, view.sun_kw - view.load_kw))


RULES: Mapping[str, Controller] = {"none": no_control, "greedy": greedy, "time of use": cheap_hours}
