"""What is to come, from history and providers; one method a file.

Every method returns its series together with the health of what it was made from: a forecast that stands on
an assumption says so. Nothing here does I/O or reads a clock; local time counts only where people live by it
(tariffs, habits), so clock changes neither skip nor repeat anything.
"""

from .alike import pv_from_history
from .emissions import emission_forecast
from .ev import ExpectedVisit, PastVisit, ev_forecast
from .hot_water import draw_forecast, draws_of, learned_draws
from .irradiance import from_clouds, from_irradiance
from .load import load_forecast
from .memory import memory_of
from .panel import Panel, clear_sky_kw
from .prices import extend_prices, joined_prices, known_until, prices_by_clock
from .pv import performance_of, pv_forecast
from .pv_calibration import PvCalibration, PvObservation
from .pv_quality import ceiling_of, without_stuck
from .scenarios import LOAD_MEMORY, scenarios_of
from .temperature import temperature_forecast

__all__ = [
    "LOAD_MEMORY",
    "ExpectedVisit",
    "Panel",
    "PastVisit",
    "PvCalibration",
    "PvObservation",
    "ceiling_of",
    "clear_sky_kw",
    "draw_forecast",
    "draws_of",
    "emission_forecast",
    "ev_forecast",
    "extend_prices",
    "from_clouds",
    "from_irradiance",
    "joined_prices",
    "known_until",
    "learned_draws",
    "load_forecast",
    "memory_of",
    "performance_of",
    "prices_by_clock",
    "pv_forecast",
    "pv_from_history",
    "scenarios_of",
    "temperature_forecast",
    "without_stuck",
]
