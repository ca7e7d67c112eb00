"""What is known now and what can be expected: the world as a planner sees it.

With perfect foresight the forecasts are the world's own future. Without it they are honest: the usual
day of this household, the climate, and a weather forecast whose error grows with each day ahead.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from ..model import (
    ApplianceRun,
    ApplianceState,
    AssetState,
    BatteryState,
    EvChargerState,
    EvSession,
    FlexibleLoadState,
    HeatPumpState,
    Horizon,
    HotWaterState,
    Pv,
    PvState,
    Quantile,
    Series,
)
from .appliance import SimulatedAppliance
from .battery import SimulatedBattery
from .building import SimulatedHeatPump
from .days import Day, Wish
from .device import Device
from .ev import LEAST_SOC, SimulatedEvCharger
from .flexible_load import SimulatedFlexibleLoad
from .habits import HIGH
from .hot_water import SimulatedHotWater
from .pv import SimulatedPv

if TYPE_CHECKING:
    from .world import World

GRID_S = 900
"""Longest step of the forecasts."""
LEVELS = (0.1, 0.5, 0.9)
"""Of the quantiles that are told of sun and load."""
EXPECTED_TRIP_KWH = 11.0
P90 = 1.2816
"""Standard deviations from the median to the 90th percentile."""
SKY_ERRORS = (0.06, 0.10, 0.14)
"""Standard deviation of a forecast of a day's clearness (0 to 1): for today, tomorrow, and later."""
HOURS_SHARE = 0.5
"""Of how much the clearness of the hours differs within a day, what a band must hold beside the day's own error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Everything of a `PlanRequest` that the home itself knows."""

    states: tuple[AssetState, ...]
    load_kw: Series
    outdoor_c: Series


def look_ahead(world: World, horizon: Horizon, *, perfect: bool) -> Outlook:
    """The states of all assets with forecasts over the horizon."""
    seer = _Seer(world, horizon, perfect=perfect)
    return Outlook(
        states=tuple(seer.state_of(name, device) for name, device in world.devices.items()),
        load_kw=seer.load_kw(),
        outdoor_c=seer.outdoor_c(),
    )


class _Seer:
    """One look ahead from one moment."""

    def __init__(self, world: World, horizon: Horizon, *, perfect: bool) -> None:
        self._world = world
        self._days = world.days
        self._perfect = perfect
        self._now_s = world.now.timestamp()
        self._horizon_end_s = horizon.end.timestamp()
        self._edges_s = _grid(horizon)
        self._times = tuple(datetime.fromtimestamp(edge, UTC) for edge in self._edges_s)
        self._anomalies_c: dict[date, float] = {}
        self._skies: dict[date, tuple[float, float]] = {}

    def load_kw(self) -> Series:
        if self._perfect:
            return self._exact(lambda day, edge: day.base_kw.integral(edge) + day.spikes.integral(edge))
        habits = self._world.habits
        middles_s = [(start_s + end_s) / 2.0 for start_s, end_s in self._slots()]
        quantiles = (
            Quantile(level=level, values=tuple(habits.load_quantile_kw(middle_s, level) for middle_s in middles_s))
            for level in LEVELS
        )
        return replace(self._series(habits.load_kw), quantiles=tuple(quantiles))

    def outdoor_c(self) -> Series:
        if self._perfect:
            return self._exact(lambda day, edge: day.outdoor_c.integral(edge))

        def expected(time_s: float) -> float:
            day = self._days.day_at(time_s)
            share = (time_s - day.start_s) / (day.end_s - day.start_s)
            ends = (self._foreseen_anomaly_c(day.date), self._foreseen_anomaly_c(day.date + timedelta(days=1)))
            return day.usual_c.at(time_s) + ends[0] + share * (ends[1] - ends[0])

        return self._series(expected)

    def state_of(self, name: str, device: Device) -> AssetState:
        asset = self._world.site.asset(name)
        state: AssetState
        match device:
            case SimulatedPv() if isinstance(asset, Pv):
                state = PvState(asset=name, available_kw=self._pv(asset))
            case SimulatedBattery():
                state = BatteryState(asset=name, energy_kwh=device.energy_kwh)
            case SimulatedEvCharger():
                state = EvChargerState(asset=name, sessions=self._sessions(device))
            case SimulatedHeatPump():
                state = HeatPumpState(asset=name, indoor_c=device.indoor_c, mass_c=device.mass_c)
            case SimulatedHotWater():
                state = HotWaterState(asset=name, tank_c=device.tank_c, draw_kw=self._draw(device))
            case SimulatedAppliance():
                state = ApplianceState(asset=name, runs=self._runs(device))
            case SimulatedFlexibleLoad():
                state = FlexibleLoadState(asset=name, wanted=self._wanted(device))
            case _:
                raise TypeError(f"{name}: {type(device).__name__} has no state")
        return state

    def _pv(self, pv: Pv) -> Series:
        if self._perfect:
            return self._exact(lambda day, edge: day.pv_per_kwp.integral(edge) * pv.peak_kw)
        levels: dict[float, list[float]] = {0.1: [], 0.5: [], 0.9: []}
        for start_s, end_s in self._slots():
            day = self._days.day_at(start_s)
            clear = day.clear_per_kwp.integral(end_s) - day.clear_per_kwp.integral(start_s)
            clear_kw = clear * pv.peak_kw / (end_s - start_s)
            if day.date not in self._skies:
                self._skies[day.date] = self._foreseen_sky(day.date)
            mean, deviation = self._skies[day.date]
            for level, sign in ((0.1, -1.0), (0.5, 0.0), (0.9, 1.0)):
                levels[level].append(clear_kw * min(1.0, max(0.05, mean + sign * P90 * deviation)))
        return Series(
            times=self._times,
            values=tuple(levels[0.5]),
            quantiles=tuple(Quantile(level=level, values=tuple(values)) for level, values in levels.items()),
        )

    def _foreseen_sky(self, day: date) -> tuple[float, float]:
        """Expected share of clear-sky power, and how uncertain that is."""
        lead = self._lead(day)
        error = SKY_ERRORS[min(lead, len(SKY_ERRORS) - 1)]
        sky = self._days.sky(day)
        mean = sky.mean + self._days.rng(f"sky forecast {lead}", day).gauss(0.0, error if sky.deviation else 0.0)
        return min(1.0, max(0.08, mean)), (error * error + (HOURS_SHARE * sky.deviation) ** 2) ** 0.5

    def _foreseen_anomaly_c(self, day: date) -> float:
        if day not in self._anomalies_c:
            lead = self._lead(day)
            error_k = (0.3, 0.7, 1.2)[min(lead, 2)]
            error = self._days.rng(f"anomaly forecast {lead}", day).gauss(0.0, error_k)
            self._anomalies_c[day] = self._days.anomaly_c(day) + error
        return self._anomalies_c[day]

    def _lead(self, day: date) -> int:
        return max(0, (day - self._days.date_at(self._now_s)).days)

    def _draw(self, device: SimulatedHotWater) -> Series:
        if self._perfect:
            return self._exact(lambda day, edge: self._days.draws(device.index, day.date).integral(edge))
        habits, first_s = self._world.habits, self._now_s - self._now_s % GRID_S
        count = ceil((self._horizon_end_s - first_s) / GRID_S)
        middles_s = [first_s + GRID_S * (index + 0.5) for index in range(count)]
        return replace(
            Series.regular(
                datetime.fromtimestamp(first_s, UTC),
                timedelta(seconds=GRID_S),
                [habits.draw_kw(device.index, middle_s) for middle_s in middles_s],
            ),
            quantiles=tuple(
                Quantile(
                    level=level,
                    values=tuple(habits.draw_quantile_kw(device.index, middle_s, level) for middle_s in middles_s),
                )
                for level in HIGH
            ),
        )

    def _wanted(self, device: SimulatedFlexibleLoad) -> Series:
        def share(start_s: float, end_s: float) -> float:
            from_s, until_s = self._days.wanted(device.index, self._days.date_at(start_s))
            return max(0.0, min(end_s, until_s) - max(start_s, from_s)) / (end_s - start_s)

        return Series(times=self._times, values=tuple(share(start_s, end_s) for start_s, end_s in self._slots()))

    def _sessions(self, device: SimulatedEvCharger) -> tuple[EvSession, ...]:
        """The visit under way and those to come; what a trip will take is known only with perfect foresight."""
        car = device.car
        sessions = []
        arrival_s = self._now_s
        energy_kwh = device.energy_kwh
        day = self._days.date_at(self._now_s)
        while arrival_s < self._horizon_end_s:
            trip = self._days.trip(device.index, day)
            day += timedelta(days=1)
            if trip is None or trip.return_s <= arrival_s:
                continue
            if trip.leave_s > arrival_s:
                sessions.append(_session(arrival_s, trip.leave_s, car.capacity_kwh, energy_kwh, device.target_kwh))
                energy_kwh = max(energy_kwh, device.target_kwh)
            used_kwh = trip.energy_kwh if self._perfect else EXPECTED_TRIP_KWH
            energy_kwh = max(energy_kwh - used_kwh, LEAST_SOC * car.capacity_kwh)
            arrival_s = trip.return_s
        return tuple(sessions)

    def _runs(self, device: SimulatedAppliance) -> tuple[ApplianceRun, ...]:
        """The run under way, the one that waits, and those expected by habit within the horizon."""
        runs: list[ApplianceRun] = []
        free_s = self._now_s
        if device.started_s is not None and device.ends_s > self._now_s:
            runs.append(_run(device.started_s, device.ends_s, device.started_s))
            free_s = device.ends_s
        wishes = [device.waiting(self._now_s), *self._coming_wishes(device)]
        runs.extend(
            _run(max(free_s, wish.earliest_s), wish.latest_s, None)
            for wish in wishes
            if wish is not None and wish.latest_s - max(free_s, wish.earliest_s) >= device.duration_s
        )
        return tuple(runs)

    def _coming_wishes(self, device: SimulatedAppliance) -> list[Wish]:
        asked = device.asked
        wishes = [asked] if asked is not None and asked.earliest_s > self._now_s else []
        day = self._days.date_at(self._now_s)
        while self._days.midnight_s(day) < self._horizon_end_s:
            wish = self._days.wish(device.index, day)
            if wish is not None and wish.earliest_s > self._now_s:
                wishes.append(wish)
            day += timedelta(days=1)
        return [wish for wish in wishes if wish.latest_s <= self._horizon_end_s]

    def _slots(self) -> list[tuple[float, float]]:
        return list(zip(self._edges_s, self._edges_s[1:], strict=False))

    def _series(self, value_at: Callable[[float], float]) -> Series:
        """Values at the middle of each slot."""
        return Series(
            times=self._times, values=tuple(value_at((start_s + end_s) / 2.0) for start_s, end_s in self._slots())
        )

    def _exact(self, integral: Callable[[Day, float], float]) -> Series:
        """Exact means over each slot."""
        values = []
        for start_s, end_s in self._slots():
            total = sum(
                integral(day, until_s) - integral(day, from_s)
                for day, from_s, until_s in self._days.between(start_s, end_s)
            )
            # The difference of two sums may fall a hair below 0.
            values.append(total / (end_s - start_s) if abs(total) > 1e-9 else 0.0)
        return Series(times=self._times, values=tuple(values))


def _grid(horizon: Horizon) -> list[float]:
    """The edges of the horizon, and quarter-hours inside its longer steps."""
    edges = [horizon.start.timestamp()]
    for step_s in horizon.steps_s:
        parts = max(1, round(step_s / GRID_S))
        start_s = edges[-1]
        edges.extend(start_s + step_s * part / parts for part in range(1, parts + 1))
    return edges


def _session(
    arrival_s: float, departure_s: float, capacity_kwh: float, energy_kwh: float, target_kwh: float
) -> EvSession:
    return EvSession(
        arrival=datetime.fromtimestamp(arrival_s, UTC),
        departure=datetime.fromtimestamp(departure_s, UTC),
        capacity_kwh=capacity_kwh,
        energy_kwh=energy_kwh,
        target_kwh=target_kwh,
    )


def _run(earliest_s: float, latest_s: float, started_s: float | None) -> ApplianceRun:
    return ApplianceRun(
        earliest_start=datetime.fromtimestamp(earliest_s, UTC),
        latest_end=datetime.fromtimestamp(latest_s, UTC),
        started=None if started_s is None else datetime.fromtimestamp(started_s, UTC),
    )
