"""An instant is the same whatever clock it is read from: forecasts do not change with the zone of their arguments."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.hems.core.forecast import (
    Panel,
    PastVisit,
    PvCalibration,
    PvObservation,
    clear_sky_kw,
    draw_forecast,
    emission_forecast,
    ev_forecast,
    extend_prices,
    learned_draws,
    load_forecast,
    memory_of,
    performance_of,
    pv_forecast,
    temperature_forecast,
)
from custom_components.hems.core.forecast.alike import pv_from_history
from custom_components.hems.core.model import Series

ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
START = datetime(2026, 3, 29, 10, 20, tzinfo=UTC)
"""Nine hours after the clocks were put forward."""
END = START + timedelta(hours=36)
PANEL = Panel(latitude=52.5, longitude=13.4, peak_kw=5.0)
SLOT = timedelta(minutes=30)
COUNT = 40 * 48
HISTORY = Series.regular(START - COUNT * SLOT, SLOT, [0.3 + (7 * i % 48) / 48 + (i % 5) / 10 for i in range(COUNT)])
AHEAD = Series.regular(START, SLOT, [1.0 + (i % 7) / 10 for i in range(72)])
VISITS = tuple(
    PastVisit(
        arrival=START - timedelta(days=day, hours=17),
        departure=START - timedelta(days=day, hours=5),
        charged_kwh=8.0 + day % 3,
    )
    for day in range(30)
)


def learned(moment):
    """A calibration from the hours of two days, each given as it is read in that moment's zone."""
    hours = [(START - timedelta(hours=i)).astimezone(moment.tzinfo) for i in range(48, 0, -1)]
    seen = [
        PvObservation(start=hour, end=hour + timedelta(hours=1), given_kw=1.0, forecast_kw={"one": 1.5})
        for hour in hours
    ]
    return PvCalibration().observed(seen, PANEL)


FORECASTS = {
    "clear sky at a moment": lambda start, _end: PANEL.clear_kw(start),
    "clear sky": lambda start, end: clear_sky_kw(PANEL, start, end),
    "pv": lambda start, end: pv_forecast(AHEAD, PANEL, start, end, "pv", measured_kw=HISTORY),
    "pv from its past": lambda start, end: pv_from_history(HISTORY, start, end, "pv"),
    "performance": lambda start, _end: performance_of(PANEL, HISTORY, start),
    "calibration": lambda start, _end: learned(start).members,
    "load": lambda start, end: load_forecast(HISTORY, start, end, ZONE),
    "memory of the load": lambda start, _end: memory_of(HISTORY, start, ZONE),
    "temperature": lambda start, end: temperature_forecast(None, HISTORY, 9.0, start, end),
    "emissions": lambda start, end: emission_forecast(HISTORY, 0.4, start, end),
    "draws": lambda start, end: draw_forecast(5.0, start, end, ZONE),
    "learned draws": lambda start, end: learned_draws(HISTORY, 5.0, start, end, ZONE, "tank"),
    "prices": lambda start, end: extend_prices(HISTORY, start, end, ZONE),
    "visits": lambda start, end: ev_forecast(VISITS, start, end, ZONE, "car"),
}


@pytest.mark.parametrize("forecast", FORECASTS.values(), ids=FORECASTS.keys())
def test_forecast_is_the_same_from_any_clock(forecast):
    assert forecast(START.astimezone(BERLIN), END.astimezone(BERLIN)) == forecast(START, END)
