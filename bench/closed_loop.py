"""HEMS in charge of a simulated home for some days, beside rules and the best that is possible."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
import json
from math import nan
import sys
from time import process_time
from zoneinfo import ZoneInfo

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, setpoints
from custom_components.hems.core.fallback import fallback_plan
from custom_components.hems.core.forecast import LOAD_MEMORY, memory_of, scenarios_of
from custom_components.hems.core.model import DEFAULT_TIERS, Infeasible, Plan, PlanRequest, PvState, Series
from custom_components.hems.core.optimiser import NoPlan, solve
from custom_components.hems.core.simulation import Reading, World, simulated_home
from custom_components.hems.core.simulation.closed_loop import Controller, Planned, Planner, Score, run
from custom_components.hems.core.simulation.rule_based import CheapHours, self_consumption
from custom_components.hems.core.simulation.world import Commands

from .ending import Ending
from .homes import command as homes
from .prices import Market

ZONE = "Europe/Berlin"
SEASONS: Mapping[str, tuple[int, int]] = {"winter": (1, 13), "spring": (4, 13), "summer": (7, 13), "autumn": (9, 7)}
"""Month and day of 2020, the year of the prices."""
EARLIER = date(1990, 1, 8)
"""A Monday in a month without clock changes, as in `simulation/habits.py`."""
GREEDY, HEMS, BOUND = "rule-based", "HEMS", "lower bound"
SHARE = "share_of_perfect_foresight_saving"


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


def with_scenarios(planner: Planner, count: int, memory: timedelta) -> Planner:
    """The planner, told in how many ways load and sun may turn out instead of their means alone."""

    def plan(request: PlanRequest) -> Plan:
        suns = {state.asset: state.available_kw for state in request.states if isinstance(state, PvState)}
        return planner(replace(request, scenarios=scenarios_of(request.load_kw, suns, count, load_memory=memory)))

    return plan


def learned_memory(world: World) -> timedelta:
    """How long the load's errors last, from four weeks of an earlier life of the same household."""
    days = [world.days.make(EARLIER + timedelta(days=i)) for i in range(28)]
    edges_s = [[day.start_s + 900.0 * i for i in range(97)] for day in days]
    taken = [
        [day.base_kw.integral(edge) + day.spikes.integral(edge) for edge in edges]
        for day, edges in zip(days, edges_s, strict=True)
    ]
    values = [(right - left) / 900.0 for day in taken for left, right in pairwise(day)]
    past = Series.regular(datetime.fromtimestamp(days[0].start_s, UTC), timedelta(minutes=15), values)
    return memory_of(past, past.end, ZONE) or LOAD_MEMORY


def results(
    season: str,
    days: int,
    seed: int,
    rhythm: Rhythm,
    planner: Planner = solve,
    *,
    scenarios: int = 0,
    foresight: bool = False,
) -> Iterator[Result]:
    """Every controller in the same season of the same home; one after another, as they are done."""
    start = datetime(2020, *SEASONS[season], tzinfo=ZoneInfo(ZONE))
    market = Market.around(start, days, ZONE)

    def world(after_days: int = 0) -> World:
        return simulated_home(seed=seed, start=start + timedelta(days=after_days), time_zone=ZONE)[1]

    ending = Ending(world(), world(days), market, days)

    def lived(name: str, controller: Controller, watch: Stopwatch | None = None) -> Result:
        home = world()
        score = run(home, controller, market.tariff, days, dt_s=rhythm.dt_s)
        score.end = ending.cost(home)
        return Result(
            season=season,
            controller=name,
            total=score.total,
            score=score,
            cpu_s=tuple(watch.cpu_s) if watch else (),
            fallbacks=watch.fallbacks if watch else 0,
        )

    yield lived(GREEDY, self_consumption)
    yield lived("improved rule", CheapHours(tariff_at=market.known))
    yield Result(season=season, controller=BOUND, total=ending.bound, score=None)
    contenders = [(HEMS, planner, False)]
    if scenarios:
        contenders.append(
            (f"{HEMS}, {scenarios} scenarios", with_scenarios(planner, scenarios, learned_memory(world())), False)
        )
    if foresight:
        contenders.append((f"{HEMS}, perfect forecast", planner, True))
    for name, asked, perfect in contenders:
        watch = Stopwatch(asked)
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


def share_of_saving(totals: Mapping[str, float], controller: str = HEMS) -> float:
    """Of what perfect foresight saves on greedy self-consumption, the part that a controller saves; 1 is all of it."""
    most = totals[GREEDY] - totals[BOUND]
    return (totals[GREEDY] - totals[controller]) / most if most > 0.0 else nan


def rows(result: Result) -> Iterator[dict[str, object]]:
    """Machine-readable: one metric a row."""
    case = f"{result.season}/{result.controller}"

    def row(metric: str, value: float) -> dict[str, object]:
        return _row(case, metric, value)

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


def _row(case: str, metric: str, value: float) -> dict[str, object]:
    return {"bench": "closed-loop", "case": case, "metric": metric, "value": round(value, 4)}


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


def main(options: argparse.Namespace) -> int:
    """0 when HEMS kept its bars in every home that was asked for, else 1."""
    codes = [
        homes.main(home, quick=options.quick, as_json=options.json)
        for home in (homes.HOMES if options.home == "all" else (options.home,))
        if home in homes.HOMES
    ]
    if options.home in {"simulated", "all"}:
        codes.append(_simulated(options))
    return max(codes, default=0)


def _simulated(options: argparse.Namespace) -> int:
    """0 when HEMS was cheaper than the rule-based controller in every season, else 1."""
    seasons = tuple(SEASONS) if options.season == "all" else (options.season,)
    rhythm = QUICK if options.quick else Rhythm()
    if not options.json:
        print(f"EUR for {options.days} days of the simulated home, seed {options.seed}\n{HEADER}", flush=True)
    dearer = []
    for season in seasons:
        totals: dict[str, float] = {}
        for result in results(
            season, options.days, options.seed, rhythm, scenarios=options.scenarios, foresight=options.foresight
        ):
            totals[result.controller] = result.total
            _print(rows(result) if options.json else [table_line(result)])
        for name in (name for name in totals if name not in {GREEDY, BOUND}):
            share = share_of_saving(totals, name)
            line = f"{season:<7} {name:<23} {share:8.1%} of what perfect foresight saves on the rules"
            _print([_row(f"{season}/{name}", SHARE, share)] if options.json else [line])
        if totals[HEMS] >= totals[GREEDY]:
            dearer.append(season)
    if dearer:
        print(f"HEMS was not cheaper than the rule-based controller in {', '.join(dearer)}", file=sys.stderr)
    return 1 if dearer else 0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`scripts/bench closed-loop`."""
    loop = commands.add_parser(
        "closed-loop",
        help="HEMS in charge of a simulated home, beside rules and the best that is possible",
        description="Total = bill + wear + comfort at its prices + what the two days after cost more at least.",
    )
    loop.add_argument(
        "--home", choices=("simulated", *homes.HOMES, "all"), default="simulated", help="default: the simulated one"
    )
    loop.add_argument("--days", type=_days, default=7, help="1 to 20 (default 7)")
    loop.add_argument("--season", choices=(*SEASONS, "all"), default="all")
    loop.add_argument("--seed", type=int, default=1, help="of weather, people and cars (default 1)")
    loop.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    loop.add_argument("--quick", action="store_true", help="5 min steps and hourly, coarser plans")
    loop.add_argument("--scenarios", type=int, choices=(3, 5), default=0, help="also HEMS with so many scenarios")
    loop.add_argument("--foresight", action="store_true", help="also HEMS with perfect forecasts")
    loop.set_defaults(main=main)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 20:
        raise argparse.ArgumentTypeError(f"must be between 1 and 20, got {days}")
    return days


def _print(lines: Iterable[object]) -> None:
    for line in lines:
        print(json.dumps(line) if isinstance(line, dict) else line, flush=True)


HEADER = "season  controller                  total     bill   wear  comfort     end   CPU s per plan (median / most)"
