"""HEMS in charge of a simulated home for some days, beside rules and the best that is possible."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import process_time
from zoneinfo import ZoneInfo

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.model import DEFAULT_TIERS, Infeasible, Plan, PlanRequest
from custom_components.hems.core.optimiser import NoPlan, solve
from custom_components.hems.core.simulation import Reading, World, simulated_home
from custom_components.hems.core.simulation.closed_loop import Controller, Planned, Planner, Score, run
from custom_components.hems.core.simulation.rule_based import CheapHours, self_consumption
from custom_components.hems.core.simulation.world import Commands

from .bound import lower_bound
from .prices import Market

ZONE = "Europe/Berlin"
SEASONS: Mapping[str, tuple[int, int]] = {"winter": (1, 13), "spring": (4, 13), "summer": (7, 13), "autumn": (9, 7)}
"""Month and day of 2020, the year of the prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How finely to simulate and plan."""

    dt_s: float = 60.0
    replan_s: float = 900.0
    tiers: tuple[tuple[int, int], ...] = DEFAULT_TIERS


QUICK = Rhythm(dt_s=300.0, replan_s=3600.0, tiers=((900, 8), (3600, 22)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One controller in one season."""

    season: str
    controller: str
    total: float
    score: Score | None
    """None for the bound, which is not a life that was lived."""
    cpu_s: tuple[float, ...] = ()
    """Of each plan."""
    fallbacks: int = 0


class Stopwatch:
    """A planner that notes its CPU time and falls back where the optimiser has no plan."""

    def __init__(self, planner: Planner) -> None:
        """Around any planner."""
        self._planner = planner
        self.cpu_s: list[float] = []
        self.fallbacks = 0

    def __call__(self, request: PlanRequest) -> Plan:
        """Plan and note."""
        began = process_time()
        try:
            return self._planner(request)
        except NoPlan as error:
            self.fallbacks += 1
            reason = "infeasible" if isinstance(error.outcome, Infeasible) else "timed out"
            return fallback_plan(request, reason)
        finally:
            self.cpu_s.append(process_time() - began)


def dispatched(plan: Plan, request: PlanRequest, reading: Reading | None) -> Commands:
    """What HEMS itself would tell the devices."""
    if reading is None:
        return {}
    live = LiveHome(
        at=reading.at,
        grid_kw=reading.grid_kw,
        load_kw=reading.load_kw,
        assets={
            name: LiveAsset(
                power_kw=measured.power_kw,
                energy_kwh=measured.energy_kwh,
                temperature_c=measured.temperature_c,
                connected=measured.connected,
                running=measured.running,
            )
            for name, measured in reading.assets.items()
        },
    )
    told = setpoints(request.site, plan, (), live, (), reading.at, states=request.states)
    return {setpoint.asset: setpoint.power_kw for setpoint in told}


def results(
    season: str, days: int, seed: int, rhythm: Rhythm, planner: Planner = solve, *, foresight: bool = False
) -> Iterator[Result]:
    """Every controller in the same season of the same home; one after another, as they are done."""
    start = datetime(2020, *SEASONS[season], tzinfo=ZoneInfo(ZONE))
    market = Market.around(start, days, ZONE)

    def world() -> World:
        return simulated_home(seed=seed, start=start, time_zone=ZONE)[1]

    def lived(name: str, controller: Controller, watch: Stopwatch | None = None) -> Result:
        score = run(world(), controller, market.tariff, days, dt_s=rhythm.dt_s)
        return Result(
            season=season,
            controller=name,
            total=score.total,
            score=score,
            cpu_s=tuple(watch.cpu_s) if watch else (),
            fallbacks=watch.fallbacks if watch else 0,
        )

    yield lived("rule-based", self_consumption)
    yield lived("improved rule", CheapHours(tariff_at=market.known))
    for name, perfect in (("HEMS", False), ("HEMS, perfect forecast", True)):
        if perfect and not foresight:
            continue
        watch = Stopwatch(planner)
        tariff_at = (lambda _horizon: market.tariff) if perfect else market.known
        planned = Planned(
            planner=watch,
            dispatcher=dispatched,
            tariff_at=tariff_at,
            replan_s=rhythm.replan_s,
            tiers=rhythm.tiers,
            perfect=perfect,
        )
        yield lived(name, planned, watch)
    best = lower_bound(world(), market.tariff, days)
    yield Result(season=season, controller="lower bound", total=best, score=None)


def rows(result: Result) -> Iterator[dict[str, object]]:
    """Machine-readable: one metric a row."""
    case = f"{result.season}/{result.controller}"

    def row(metric: str, value: float) -> dict[str, object]:
        return {"bench": "closed-loop", "case": case, "metric": metric, "value": round(value, 4)}

    yield row("total", result.total)
    if result.score is not None:
        score = result.score
        metrics: dict[str, Callable[[], float]] = {
            "bill": lambda: score.bill,
            "wear": lambda: score.wear,
            "comfort": lambda: score.comfort,
            "end": lambda: score.end,
            "import_kwh": lambda: score.import_kwh,
            "export_kwh": lambda: score.export_kwh,
            "comfort_kh": lambda: score.comfort_kh,
            "missing_kwh": lambda: score.missing_kwh,
            "missed_runs": lambda: score.missed_runs,
            "overload_kwh": lambda: score.overload_kwh,
        }
        yield from (row(metric, value()) for metric, value in metrics.items())
    if result.cpu_s:
        ordered = sorted(result.cpu_s)
        yield row("plans", len(ordered))
        yield row("fallbacks", result.fallbacks)
        yield row("cpu_s_median", ordered[len(ordered) // 2])
        yield row("cpu_s_max", ordered[-1])


def table_line(result: Result) -> str:
    """For people."""
    head = f"{result.season:<7} {result.controller:<23} {result.total:8.2f}"
    if result.score is None:
        return head
    score = result.score
    parts = f" {score.bill:8.2f} {score.wear:6.2f} {score.comfort:8.2f} {score.end:7.2f}"
    ordered = sorted(result.cpu_s)
    cpu = f"   {ordered[len(ordered) // 2]:.3f} / {ordered[-1]:.2f}" if ordered else ""
    return head + parts + cpu


HEADER = "season  controller                  total     bill   wear  comfort     end   CPU s per plan (median / most)"
