"""`scripts/bench closed-loop --home ausgrid|citylearn|german`: the table, the rows and the bars."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
import json
import sys

from .hems import Style
from .run import GREEDY, HEMS, OFFERED, SCENARIOS, Result, results, shares, stretches
from .scores import beside
from .styles import GRID_FRIENDLY, OFFERED_STYLE, SCENARIO_STYLE

HOMES = ("ausgrid", "citylearn", "german")
LEAST_SHARE: Mapping[str, float] = {"ausgrid": 0.30, "citylearn": 0.25}
"""Of what perfect foresight saves on greedy self-consumption, over all homes of a kind together."""
NEGLIGIBLE = 1e-4
"""Share of the cost by which one controller may be dearer than another and still count as no worse."""
HEADER = (
    f"{'home':<24}{'controller':<28}{'cost a day':>11}{'share':>8}{'score':>8}{'CPU s per plan (median / most)':>34}"
)


def main(kind: str, *, quick: bool, as_json: bool) -> int:
    """0 when HEMS keeps its bars in the homes of one kind, else 1; `quick` is too short for them and always 0."""
    styles = {HEMS: Style(), SCENARIOS: SCENARIO_STYLE, OFFERED: OFFERED_STYLE}
    if kind == "citylearn":
        styles["hems-grid-friendly"] = GRID_FRIENDLY
    if not as_json:
        print(HEADER, flush=True)
    totals: dict[str, dict[str, float]] = {}
    for stretch in stretches(kind, quick=quick):
        found = list(results(stretch, styles))
        costs = {result.controller: result.cost for result in found}
        totals[stretch.home.name] = costs
        _print(_rows(found) if as_json else _lines(found))
    if len(totals) > 1:
        whole = _sums(totals.values())
        share = shares(whole)
        for name, cost in whole.items():
            rows = [_row(f"{kind}/{name}", "cost", cost), _row(f"{kind}/{name}", "saving_share", share[name])]
            _print(rows if as_json else [f"{kind + ', all':<24}{name:<28}{cost:>11.2f}{share[name]:>8.1%}   (sum)"])
    broken = [] if quick else list(broken_bars(kind, totals))
    for bar in broken:
        print(bar, file=sys.stderr)
    return 1 if broken else 0


def broken_bars(kind: str, totals: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """What HEMS misses, given the costs by home and controller."""
    for home, costs in totals.items():
        for name in (HEMS, SCENARIOS, OFFERED):
            if costs[name] > costs[GREEDY] + NEGLIGIBLE * abs(costs[GREEDY]):
                yield f"{home}: {name} costs {costs[name]:.2f}, greedy self-consumption {costs[GREEDY]:.2f}"
    whole = _sums(totals.values())
    if whole[SCENARIOS] > whole[HEMS] + NEGLIGIBLE * abs(whole[HEMS]):
        yield f"{kind}: scenarios cost {whole[SCENARIOS]:.2f}, the point forecast {whole[HEMS]:.2f}"
    share = shares(whole)
    for name in (HEMS, SCENARIOS, OFFERED):
        if share[name] < LEAST_SHARE.get(kind, 0.0):
            yield f"{kind}: {name} saves {share[name]:.1%} of what foresight does, asked are {LEAST_SHARE[kind]:.0%}"


def _sums(totals: Iterable[Mapping[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for costs in totals:
        for name, cost in costs.items():
            sums[name] += cost
    return sums


def _lines(found: list[Result]) -> Iterator[str]:
    share = shares({result.controller: result.cost for result in found})
    for result in found:
        a_day = result.cost / result.stretch.days
        score = _ratios(result, found).get("score")
        ordered = sorted(result.cpu_s)
        cpu = f"{ordered[len(ordered) // 2]:>24.3f} / {ordered[-1]:.2f}" if ordered else ""
        told = f"{score:>8.3f}" if score else " " * 8
        yield (
            f"{result.stretch.home.name:<24}{result.controller:<28}{a_day:>11.4f}{share[result.controller]:>8.1%}"
            f"{told}{cpu}"
        )


def _ratios(result: Result, found: list[Result]) -> Mapping[str, float]:
    """Beside the home without control."""
    base = next(other.score for other in found if other.controller == "none")
    return beside(result.score, base) if result.score and base else {}


def _rows(found: list[Result]) -> Iterator[dict[str, object]]:
    share = shares({result.controller: result.cost for result in found})
    for result in found:
        case = f"{result.stretch.home.name}/{result.controller}"
        yield _row(case, "days", result.stretch.days)
        yield _row(case, "cost", result.cost)
        yield _row(case, "cost_a_day", result.cost / result.stretch.days)
        yield _row(case, "saving", next(o.cost for o in found if o.controller == GREEDY) - result.cost)
        yield _row(case, "saving_share", share[result.controller])
        for part, ratio in _ratios(result, found).items():
            yield _row(case, f"{part}_beside_no_control", ratio)
        if result.score:
            yield _row(case, "unserved_kwh", result.score.unserved_kwh)
        if result.cpu_s:
            plans, forecasts = sorted(result.cpu_s), sorted(result.forecast_cpu_s)
            yield _row(case, "plans", len(plans))
            yield _row(case, "fallbacks", result.fallbacks)
            yield _row(case, "cpu_s_median", plans[len(plans) // 2])
            yield _row(case, "cpu_s_max", plans[-1])
            yield _row(case, "forecast_cpu_s_median", forecasts[len(forecasts) // 2])


def _row(case: str, metric: str, value: float) -> dict[str, object]:
    return {"bench": "closed-loop", "case": case, "metric": metric, "value": round(value, 4)}


def _print(lines: Iterable[object]) -> None:
    for line in lines:
        print(json.dumps(line) if isinstance(line, dict) else line, flush=True)
