"""Everything that happens to the home from outside, drawn day by day from the seed.

Each day and each stream has its own generator, so any day can be looked at without living through
the days before: that makes perfect foresight and restarts exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from . import household, solar, weather
from .trace import Pulse, Pulses, Trace

KNOT_S = 60
KEPT_DAYS = 12
"""Days kept in memory; a plan looks two days ahead and a car's next trip at most a few more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A car that leaves and comes back with less."""

    leave_s: float
    return_s: float
    energy_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An appliance loaded at `earliest_s` that should be done by `latest_s`."""

    earliest_s: float
    latest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day, 23 to 25 hours long."""

    date: date
    start_s: float
    end_s: float
    sun: solar.SunDay
    sky: solar.Sky
    clear_per_kwp: Trace
    pv_per_kwp: Trace
    outdoor_c: Trace
    usual_c: Trace
    base_kw: Trace
    spikes: Pulses


class Days:
    """The calendar of a home's disturbances."""

    def __init__(
        self, *, seed: int, place: solar.Place, time_zone: str, model: Literal["clear_sky", "gaussian"], clouds: bool
    ) -> None:
        """The same arguments give the same days."""
        self.place = place
        self.zone = ZoneInfo(time_zone)
        self._seed = seed
        self._model = solar.clear_sky if model == "clear_sky" else solar.gaussian
        self._clouds = clouds
        self._days: dict[date, Day] = {}
        self._draws: dict[tuple[int, date], Pulses] = {}
        self._trips: dict[tuple[int, date], Trip | None] = {}
        self._wishes: dict[tuple[int, date], Wish | None] = {}
        self._wanted: dict[tuple[int, date], tuple[float, float]] = {}

    def rng(self, stream: str, day: date) -> Random:
        """The generator of one stream on one day."""
        return Random(f"{self._seed}/{stream}/{day.isoformat()}")

    def date_at(self, time_s: float) -> date:
        """The local date."""
        return datetime.fromtimestamp(time_s, self.zone).date()

    def midnight_s(self, day: date) -> float:
        """When the local day begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()

    def at_hour(self, day: date, hour: float) -> float:
        """A wall-clock time of that day, in hours and whole minutes' precision of a second."""
        moment = datetime(day.year, day.month, day.day) + timedelta(seconds=round(hour * 3600.0))  # noqa: DTZ001
        return moment.replace(tzinfo=self.zone).timestamp()

    def day(self, day: date) -> Day:
        """A day with its traces; drawn when first asked for."""
        if day not in self._days:
            while len(self._days) >= KEPT_DAYS:
                del self._days[min(self._days, key=lambda other: -abs((other - day).days))]
            self._days[day] = self.make(day)
        return self._days[day]

    def day_at(self, time_s: float) -> Day:
        """The day of an instant."""
        return self.day(self.date_at(time_s))

    def between(self, start_s: float, end_s: float) -> Sequence[tuple[Day, float, float]]:
        """The days that a span of time touches, each with its part of the span."""
        parts = []
        while start_s < end_s:
            day = self.day_at(start_s)
            until_s = min(end_s, day.end_s)
            parts.append((day, start_s, until_s))
            start_s = until_s
        return parts

    def draws(self, tank: int, day: date) -> Pulses:
        """Hot water drawn from the n-th tank, as thermal power."""
        key = (tank, day)
        if key not in self._draws:
            if len(self._draws) >= KEPT_DAYS:
                del self._draws[min(self._draws, key=lambda other: -abs((other[1] - day).days))]
            self._draws[key] = Pulses(self._draw_water(self.rng(f"water{tank}", day), day))
        return self._draws[key]

    def trip(self, car: int, day: date) -> Trip | None:
        """The trip of the n-th car on that day, if it leaves at all."""
        if (car, day) not in self._trips:
            self._trips[car, day] = self._draw_trip(car, day)
        return self._trips[car, day]

    def _draw_trip(self, car: int, day: date) -> Trip | None:
        rng = self.rng(f"car{car}", day)
        weekend = day.weekday() >= 5
        if rng.random() > (0.6 if weekend else 0.85):
            return None
        leave_h, return_h = (
            (rng.uniform(10.0, 11.5), rng.uniform(14.0, 18.0))
            if weekend
            else (rng.uniform(7.2, 8.2), rng.uniform(16.7, 18.2))
        )
        return Trip(
            leave_s=self.at_hour(day, leave_h),
            return_s=self.at_hour(day, return_h),
            energy_kwh=rng.uniform(8.0, 22.0) if weekend else rng.uniform(7.0, 14.0),
        )

    def wish(self, appliance: int, day: date) -> Wish | None:
        """Whether the n-th appliance is loaded on that evening; it should be done by the next morning."""
        if (appliance, day) not in self._wishes:
            self._wishes[appliance, day] = self._draw_wish(appliance, day)
        return self._wishes[appliance, day]

    def _draw_wish(self, appliance: int, day: date) -> Wish | None:
        rng = self.rng(f"appliance{appliance}", day)
        if rng.random() > 0.85:
            return None
        return Wish(
            earliest_s=self.at_hour(day, rng.uniform(19.0, 20.5)),
            latest_s=self.at_hour(day + timedelta(days=1), 6.5),
        )

    def wanted(self, load: int, day: date) -> tuple[float, float]:
        """From when to when the n-th flexible load is wanted on that day."""
        if (load, day) not in self._wanted:
            rng = self.rng(f"flexible{load}", day)
            evening = self.at_hour(day, rng.uniform(16.5, 18.0)), self.at_hour(day, rng.uniform(21.5, 23.0))
            self._wanted[load, day] = evening
        return self._wanted[load, day]

    def anomaly_c(self, day: date) -> float:
        """How much warmer than usual a day begins."""
        return weather.draw_anomaly_c(self.rng("anomaly", day))

    def sky(self, day: date) -> solar.Sky:
        """How cloudy a day is."""
        if not self._clouds:
            return solar.Sky(mean=1.0, deviation=0.0)
        return solar.draw_sky(self.rng("sky", day), weather.wintriness(day, self.place))

    def make(self, day: date) -> Day:
        """Draw a day without keeping it."""
        start_s, end_s = self.midnight_s(day), self.midnight_s(day + timedelta(days=1))
        times = [start_s + KNOT_S * i for i in range(round((end_s - start_s) / KNOT_S) + 1)]
        sun = self._sun(start_s, end_s)
        clear = self._clear(sun, times)
        sky = self.sky(day)
        clouds = (
            solar.cloud_transmittance(self.rng("clouds", day), sky, len(times), KNOT_S)
            if self._clouds
            else [1.0] * len(times)
        )
        usual = self._usual(day, times, sun)
        anomalies = (self.anomaly_c(day), self.anomaly_c(day + timedelta(days=1)))
        gusty = weather.outdoor_knots(anomalies.__getitem__, self.rng("gusts", day), len(times), usual.__getitem__)
        base = household.base_knots(
            self.rng("base", day),
            self._local_hours(times),
            KNOT_S / 3600.0,
            weekend=day.weekday() >= 5,
        )
        spikes = household.draw_spikes(self.rng("spikes", day), lambda hour: self.at_hour(day, hour))
        return Day(
            date=day,
            start_s=start_s,
            end_s=end_s,
            sun=sun,
            sky=sky,
            clear_per_kwp=Trace(start_s, KNOT_S, clear),
            pv_per_kwp=Trace(start_s, KNOT_S, [power * share for power, share in zip(clear, clouds, strict=True)]),
            outdoor_c=Trace(start_s, KNOT_S, gusty),
            usual_c=Trace(start_s, KNOT_S, usual),
            base_kw=Trace(start_s, KNOT_S, base),
            spikes=Pulses(spikes),
        )

    def _sun(self, start_s: float, end_s: float) -> solar.SunDay:
        """The solar day whose noon lies in this local day, whatever the time zone."""
        middle = datetime.fromtimestamp((start_s + end_s) / 2.0, UTC).date()
        days = (middle + timedelta(days=shift) for shift in (-1, 0, 1))
        suns = [solar.SunDay.on(other, self.place) for other in days]
        return min(suns, key=lambda sun: abs(sun.noon_s - (start_s + end_s) / 2.0))

    def _clear(self, sun: solar.SunDay, times: list[float]) -> list[float]:
        """Power at each knot; a knot beside a dark one is dark too, so that no light leaks into the night."""
        powers = [self._model(sun, self.place.tilt, time_s) for time_s in times]
        last = len(powers) - 1
        return [
            0.0 if powers[max(i - 1, 0)] == 0.0 or powers[min(i + 1, last)] == 0.0 else power
            for i, power in enumerate(powers)
        ]

    def _usual(self, day: date, times: list[float], sun: solar.SunDay) -> list[float]:
        """Climate without weather; the season moves on through the day, so that midnight makes no step."""
        first = weather.usual_day_mean_c(day, self.place)
        step = (weather.usual_day_mean_c(day + timedelta(days=1), self.place) - first) / (len(times) - 1)
        return [first + step * i + weather.daily_swing_c(time_s - sun.noon_s) for i, time_s in enumerate(times)]

    def _local_hours(self, times: list[float]) -> list[float]:
        """Wall-clock hours, following a clock change inside the day."""
        offsets_s = {
            hour: (datetime.fromtimestamp(hour * 3600, self.zone).utcoffset() or timedelta()).total_seconds()
            for hour in range(int(times[0] // 3600), int(times[-1] // 3600) + 1)
        }
        return [((time_s + offsets_s[int(time_s // 3600)]) / 3600.0) % 24.0 for time_s in times]

    def _draw_water(self, rng: Random, day: date) -> list[Pulse]:
        """Two to four people: showers, a bath now and then, and many small draws; about 6 kWh of heat."""
        pulses = []

        def draw(name: str, hour: tuple[float, float], energy_kwh: tuple[float, float], minutes: float) -> None:
            start_s = self.at_hour(day, rng.uniform(*hour))
            power_kw = rng.uniform(*energy_kwh) * 60.0 / minutes
            pulses.append(Pulse(name=name, start_s=start_s, end_s=start_s + 60.0 * minutes, power_kw=power_kw))

        for _ in range(rng.choice((1, 2, 2))):
            draw("shower", (6.2, 8.2), (0.9, 1.7), 6.0)
        for _ in range(rng.choice((0, 1, 1))):
            draw("shower", (20.0, 22.3), (0.9, 1.7), 6.0)
        if rng.random() < 0.12:
            draw("bath", (18.0, 20.5), (3.0, 4.0), 12.0)
        for _ in range(rng.randint(5, 9)):
            draw("sink", (7.0, 22.0), (0.08, 0.25), 2.0)
        return pulses
