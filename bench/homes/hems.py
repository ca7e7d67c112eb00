"""HEMS in charge: its forecasts, its optimiser and its dispatch, as in a home."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import inf
from time import process_time

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.forecast import LOAD_MEMORY, load_forecast, memory_of, pv_from_history, scenarios_of
from custom_components.hems.core.model import (
    BatteryState,
    CapacityCharge,
    Horizon,
    Infeasible,
    Plan,
    PlanRequest,
    Pv,
    PvState,
    Scenario,
    Series,
    Site,
    SolverOptions,
    Tariff,
    Weights,
)
from custom_components.hems.core.optimiser import NoPlan, solve

from .learned_load import LearnedLoad
from .plant import Command, Home, advance
from .view import View

LOOKED_AHEAD_H = 36
HISTORY_DAYS = 28
type Planner = Callable[[PlanRequest], Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How HEMS is set up."""

    weights: Weights = field(default_factory=Weights)
    capacity: CapacityCharge | None = None
    hours: int = LOOKED_AHEAD_H
    replan_h: float = 2.0
    """A plan is used for so long, at least for one step."""
    scenarios: int = 0
    """Of load and sun; 0: the point forecast alone."""
    weather: bool = False
    """Whether a weather service tells of the sun; else only the array's own past does."""
    learned: bool = False
    """Whether the engine learns the load; else it is what it usually was at this time of the last four weeks."""


@dataclass(slots=True, kw_only=True)
class Hems:
    """A controller that plans and hands each step to the dispatcher."""

    home: Home
    style: Style = field(default_factory=Style)
    planner: Planner = solve
    cpu_s: list[float] = field(default_factory=list)
    """Of each plan, without its forecasts."""
    forecast_cpu_s: list[float] = field(default_factory=list)
    fallbacks: int = 0
    _plan: Plan | None = None
    _memory: timedelta = LOAD_MEMORY
    _memory_learned: date | None = None
    _left: int = 0
    _load: LearnedLoad = field(default_factory=LearnedLoad)
    _grid_kw: float | None = None
    """What the meter showed in the step before."""

    def __call__(self, view: View) -> Command:
        """What battery and array are told in this step."""
        if self._left <= 0 or self._plan is None:
            began = process_time()
            request = self.request(view)
            asked = process_time()
            self._plan = self._planned(request)
            self.cpu_s.append(process_time() - asked)
            self.forecast_cpu_s.append(asked - began)
            self._left = self._used_for
        self._left -= 1
        command = self._dispatched(view, self._plan)
        flow = advance(view.home, view.step, view.energy_kwh, command)
        self._grid_kw = flow.import_kw - flow.export_kw
        return command

    @property
    def _used_for(self) -> int:
        """Steps between two plans; every one where a plan may know the present step."""
        return 1 if self.home.present_known else max(1, round(self.style.replan_h / self.home.step_h))

    def request(self, view: View) -> PlanRequest:
        """What HEMS knows at the beginning of a step."""
        home, style = self.home, self.style
        steps = round(style.hours / home.step_h)
        horizon = Horizon.even(view.now, home.step, steps)
        load_kw, sun_kw = self._expected(view, horizon)
        tariff = Tariff(
            currency=home.currency,
            import_price=Series.regular(view.now, home.step, view.import_prices(steps)),
            export_price=Series.regular(view.now, home.step, view.export_prices(steps)),
            capacity=style.capacity,
        )
        co2 = Series.regular(view.now, home.step, view.co2_kg_per_kwh(steps))
        states = (
            BatteryState(asset="battery", energy_kwh=view.energy_kwh),
            PvState(asset="pv", available_kw=sun_kw),
        )
        return PlanRequest(
            now=view.now,
            horizon=horizon,
            site=site_of(home),
            tariff=tariff,
            load_kw=load_kw,
            scenarios=self._scenarios(view, load_kw, sun_kw),
            co2_kg_per_kwh=co2 if style.weights.co2_price_per_kg else None,
            grid_kw=self._grid_kw,
            states=states,
            weights=style.weights,
            options=SolverOptions(integer_h=0.0),
            valid_for_s=round(home.step.total_seconds()) * self._used_for,
        )

    def _expected(self, view: View, horizon: Horizon) -> tuple[Series, Series]:
        """Load and sun on the horizon."""
        home = self.home
        load_kw, sun_kw = self._expected_load(view, horizon), self._expected_sun(view, horizon)
        if home.present_known:
            load_kw = present(load_kw, horizon, view.load_kw)
            sun_kw = present(sun_kw, horizon, view.sun_kw)
        return load_kw, sun_kw

    def _expected_load(self, view: View, horizon: Horizon) -> Series:
        if self.style.learned:
            return self._load.forecast(view, self.style.hours)
        past_load_kw = self._past(view, view.past_load_kw)
        load_kw, _ = load_forecast(past_load_kw, horizon.start, horizon.end, self.home.time_zone)
        return load_kw

    def _expected_sun(self, view: View, horizon: Horizon) -> Series:
        if self.style.weather:
            return view.foreseen_sun_kw(len(horizon.steps_s))
        past_sun_kw = self._past(view, view.past_sun_kw)
        sun_kw, _ = pv_from_history(past_sun_kw, horizon.start, horizon.end, "pv")
        return Series.constant(0.0, horizon.start, horizon.end) if sun_kw is None else sun_kw

    def _scenarios(self, view: View, load_kw: Series, sun_kw: Series) -> tuple[Scenario, ...]:
        """As HEMS makes them; how long the load's errors last it learns once a day."""
        if not self.style.scenarios:
            return ()
        if self._memory_learned != view.now.date():
            self._memory_learned = view.now.date()
            past_load_kw = self._past(view, view.past_load_kw)
            self._memory = memory_of(past_load_kw, view.now, self.home.time_zone) or LOAD_MEMORY
        return scenarios_of(load_kw, {"pv": sun_kw}, self.style.scenarios, load_memory=self._memory)

    def _past(self, view: View, read: Callable[[int], Sequence[float]]) -> Series:
        """The last weeks of one of the view's records."""
        values = read(HISTORY_DAYS * self.home.steps_a_day)
        return Series.regular(view.now - len(values) * self.home.step, self.home.step, values)

    def _planned(self, request: PlanRequest) -> Plan:
        try:
            return self.planner(request)
        except NoPlan as error:
            self.fallbacks += 1
            reason = "infeasible" if isinstance(error.outcome, Infeasible) else "timed out"
            return fallback_plan(request, reason)

    def _dispatched(self, view: View, plan: Plan) -> Command:
        """What the dispatcher tells them when it sees this step's load and sun at the meter."""
        live = LiveHome(
            at=view.now,
            load_kw=view.load_kw,
            grid_kw=view.load_kw - view.sun_kw,
            assets={
                "battery": LiveAsset(power_kw=0.0, energy_kwh=view.energy_kwh),
                "pv": LiveAsset(power_kw=-view.sun_kw),
            },
        )
        told = setpoints(site_of(self.home), plan, (), live, (), view.now)
        power_kw = {setpoint.asset: setpoint.power_kw for setpoint in told}
        sun_kw = power_kw["pv"]
        return Command(battery_kw=power_kw["battery"] or 0.0, max_sun_kw=inf if sun_kw is None else -sun_kw)


def site_of(home: Home) -> Site:
    """The home as HEMS is told about it."""
    peak_kw = max(1.0, *home.sun_kw)
    return Site(
        name=home.name,
        time_zone=home.time_zone,
        max_import_kw=home.max_import_kw,
        max_export_kw=home.max_export_kw,
        assets=(home.battery, Pv(name="pv", peak_kw=peak_kw, curtailable=home.curtailable)),
    )


def present(series: Series, horizon: Horizon, value: float) -> Series:
    """The series averaged onto the horizon, with its first step known."""
    expected, *bands = (
        (value, *horizon.known("forecast", Series(times=series.times, values=values))[1:])
        for values in (series.values, *(quantile.values for quantile in series.quantiles))
    )
    quantiles = (replace(known, values=band) for known, band in zip(series.quantiles, bands, strict=True))
    return Series(times=horizon.edges, values=expected, quantiles=tuple(quantiles))
