"""The outdoor temperature without a weather forecast, beside yesterday repeated: hours of Fontana, California."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from custom_components.hems.core.forecast import temperature_forecast
from custom_components.hems.core.model import Series

from .homes.data import rows

START = datetime(2020, 1, 1, tzinfo=UTC)
"""Of no meaning: only how many hours lie between two counts."""
HOUR = timedelta(hours=1)
PAST_H, AHEAD_H = 14 * 24, 48
EVERY_H, QUICK_EVERY_H = 31, 155
"""Not a divisor of a day, so that every hour is an origin in turn."""


def results(*, quick: bool = False) -> Iterator[tuple[str, str, float]]:
    """Case, metric and value: mean absolute error in K of the first and of the second day."""
    record_c = [float(row["outdoor_c"]) for row in rows("citylearn_fontana.csv.gz")]
    errors: dict[str, list[list[float]]] = {"yesterday": [[], []], "hems": [[], []]}
    for now in range(PAST_H, len(record_c) - AHEAD_H, QUICK_EVERY_H if quick else EVERY_H):
        past = Series.regular(START + (now - PAST_H) * HOUR, HOUR, record_c[now - PAST_H : now])
        series, _ = temperature_forecast(None, past, None, past.end, past.end + AHEAD_H * HOUR)
        for hour in range(AHEAD_H):
            truth, day = record_c[now + hour], hour // 24
            foreseen = series.at(past.end + hour * HOUR) if series else None
            if foreseen is None:
                raise ValueError(f"temperature: the forecast has a hole {hour} hours ahead")
            errors["hems"][day].append(abs(foreseen - truth))
            errors["yesterday"][day].append(abs(record_c[now - 24 + hour % 24] - truth))
    for case, days in errors.items():
        for number, day_errors in enumerate(days, start=1):
            yield f"temperature/{case}", f"mae_day_{number}_k", sum(day_errors) / len(day_errors)
