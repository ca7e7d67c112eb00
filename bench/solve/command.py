"""`scripts/bench solve`: CPU seconds, memory, cost and gap of the named problems, and of random homes."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
import json
from statistics import median, quantiles
import subprocess
import sys
from typing import Any

from .cases import CASES, pv_battery_ev_48h, pv_battery_ev_48h_0700
from .reference import reference_cost

TARGETS_CPU_S: dict[tuple[str, str], float] = {
    ("battery-24h-5min", "first_cpu_s"): 0.08,
    ("battery-24h-5min", "repeat_cpu_s"): 0.05,
    ("battery-2-appliances-24h-5min", "repeat_cpu_s"): 0.25,
    ("pv-battery-ev-48h-15min", "repeat_cpu_s"): 0.20,
    ("pv-battery-ev-48h-15min-0700", "repeat_cpu_s"): 0.20,
    ("whole-home-48h", "repeat_cpu_s"): 0.4,
    ("whole-home-48h", "p99_cpu_s"): 2.0,
    ("whole-home-48h-5-scenarios", "repeat_cpu_s"): 2.0,
}
REFERENCES = {"pv-battery-ev-48h-15min": pv_battery_ev_48h, "pv-battery-ev-48h-15min-0700": pv_battery_ev_48h_0700}
SAME_COST = 1e-4
"""Relative to the reference, or in EUR where that is more."""


def add_parser(commands: Any) -> None:
    """The options of `scripts/bench solve`."""
    solve = commands.add_parser(
        "solve",
        help="how fast, how exact and how big the optimiser is",
        description="First plan of a process, the same again, and 100 other days (p99); 200 random homes.",
    )
    solve.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    solve.add_argument("--quick", action="store_true", help="fewer repetitions, variations and homes: under 60 s")
    solve.add_argument("--case", choices=(*CASES, "random-homes"), action="append", help="only this one")
    solve.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when all bars are kept, else 1."""
    missed = []
    for case in options.case or (*CASES, "random-homes"):
        found = _homes(10 if options.quick else 200) if case == "random-homes" else _measured(case, quick=options.quick)
        if options.json:
            for metric, value in found.items():
                print(json.dumps({"bench": "solve", "case": case, "metric": metric, "value": value}), flush=True)
        else:
            print(f"{case:<32}" + "  ".join(f"{name} {_short(value)}" for name, value in found.items()), flush=True)
        missed += list(_missed(case, found))
    for bar in missed:
        print(bar, file=sys.stderr)
    return 1 if missed else 0


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _missed(case: str, found: dict[str, Any]) -> Iterator[str]:
    for (of, metric), most in TARGETS_CPU_S.items():
        if of == case and found[metric] > most:
            yield f"{case}: {metric} is {found[metric]:.3f}, asked is {most:g}"
    reference = found.get("reference_cost")
    if reference is not None and abs(found["cost"] - reference) > SAME_COST * max(1.0, abs(reference)):
        yield f"{case}: cost is {found['cost']:.6f}, the reference {reference:.6f}"
    if found.get("none") or found.get("feasible") or found.get("dearer_than_rules"):
        yield f"{case}: some homes have no plan, ran out of time, or are dearer than with rules"


def _measured(case: str, *, quick: bool) -> dict[str, Any]:
    """Medians over processes of the first plan, over all repetitions of the others."""
    runs = [_run(case, "5", "0" if number else ("3" if quick else "100"))[0] for number in range(1 if quick else 5)]
    varied = runs[0]["varied_cpu_s"]
    found = {
        "first_cpu_s": median(run["first_cpu_s"] for run in runs),
        "repeat_cpu_s": median(cpu_s for run in runs for cpu_s in run["repeat_cpu_s"]),
        "p99_cpu_s": _percentile(varied, 99),
        "max_cpu_s": max(varied),
        "cost": runs[0]["cost"],
        "gap": runs[0]["gap"],
        "worst_gap": runs[0]["worst_gap"],
        "peak_rss_mb": max(run["peak_rss_mb"] for run in runs),
        "import_cpu_s": median(run["import_cpu_s"] for run in runs),
    }
    if case in REFERENCES:
        found["reference_cost"] = reference_cost(REFERENCES[case](0))
    return found


def _homes(count: int) -> dict[str, Any]:
    """The distribution over random homes."""
    homes = _run("homes", str(count))
    cpus = [home["cpu_s"] for home in homes]
    outcomes = Counter(home["outcome"] for home in homes)
    dearer = [home["seed"] for home in homes if home["cost"] is not None and home["cost"] > home["rules"] + 0.02]
    return {
        "median_cpu_s": median(cpus),
        "p90_cpu_s": _percentile(cpus, 90),
        "p99_cpu_s": _percentile(cpus, 99),
        "max_cpu_s": max(cpus),
        **{
            f"max_cpu_s_{shape}": max(home["cpu_s"] for home in homes if home["shape"] == shape)
            for shape in _shapes(homes)
        },
        **{outcome: outcomes[outcome] for outcome in ("optimal", "feasible", "none")},
        "worst_gap": max(home["gap"] for home in homes),
        "dearer_than_rules": len(dearer),
    }


def _shapes(homes: Sequence[dict[str, Any]]) -> list[str]:
    return sorted({home["shape"] for home in homes})


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _run(*arguments: str) -> list[dict[str, Any]]:
    answer = subprocess.run(  # noqa: S603  # our own module, with names from our own table
        [sys.executable, "-m", "bench.solve.once", *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
