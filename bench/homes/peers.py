"""The simple predictive controllers of the literature, made again so that they stand in the same window as HEMS."""

from collections.abc import Sequence

from custom_components.hems.core.dispatch.balance import band

from .foresight import Outlook, best_course
from .plant import Command, Controller
from .view import View


def mean_day(values: Sequence[float], day: int, steps: int) -> list[float]:
    """Per time of day the mean of a past of whole days, the next one first."""
    days = len(values) // day
    past = values[len(values) - days * day :]
    mean = [sum(past[slot::day]) / days for slot in range(day)]
    return [mean[i % day] for i in range(steps)]


def predictive(days: int, hours: int = 24, *, follows: bool) -> Controller:
    """Model predictive control on the mean of the last `days` days.

    `follows`: between its plan and the meter it does what HEMS does (`core/dispatch/balance.py`); otherwise the
    battery keeps to the planned power, as in the published versions.
    """

    def controller(view: View) -> Command:
        home = view.home
        day, steps = home.steps_a_day, round(hours / home.step_h)
        load_kw = mean_day(view.past_load_kw(days * day), day, steps)
        sun_kw = mean_day(view.past_sun_kw(days * day), day, steps)
        if home.present_known:
            load_kw[0], sun_kw[0] = view.load_kw, view.sun_kw
        outlook = Outlook(
            load_kw=load_kw,
            sun_kw=sun_kw,
            import_price=view.import_prices(steps),
            export_price=view.export_prices(steps),
        )
        course = best_course(home, view.energy_kwh, outlook)
        planned_kw, grid_kw = course.battery_kw[0], course.grid_kw[0]
        if not follows:
            return Command(battery_kw=planned_kw)
        low_kw, high_kw = band(planned_kw, grid_kw)
        rest_kw = view.load_kw - view.sun_kw
        return Command(battery_kw=min(max(planned_kw, low_kw - rest_kw), high_kw - rest_kw))

    return controller
