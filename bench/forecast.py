"""`scripts/bench forecast`: what is to come, foreseen from nothing but the past, beside simple methods."""

import argparse
from importlib import import_module
import json
import os
import sys

PARTS = ("load", "pv", "prices")
"""`forecast_load.results(quick=...)` and so on give rows of case, metric and value."""
BAR = 0.08
"""Of the 7-day mean's error, that the used load forecast must stay under it."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`scripts/bench forecast`."""
    parser = commands.add_parser(
        "forecast",
        help="load, PV and prices of real records, foreseen with a rolling origin",
        description="Load: EMHASS home, 24 h ahead at 30 min from noon and midnight UTC, learned anew each week.",
    )
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    parser.add_argument("--quick", action="store_true", help="shorter records, under a minute")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """0 when the used load forecast is under its bar, 1 when it is not, 2 for a part that there is none of."""
    wanted = options.part or PARTS
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the engine's own processes have it
    values: dict[tuple[str, str], float] = {}
    for name in wanted:
        for case, metric, value in import_module(f".forecast_{name}", __package__).results(quick=options.quick):
            values[case, metric] = value
            if options.json:
                row = {"bench": "forecast", "case": case, "metric": metric, "value": round(value, 4)}
                print(json.dumps(row), flush=True)
            else:
                print(f"{case:28} {metric:28} {value:10.3f}", flush=True)
    return _judged(values)


def _judged(values: dict[tuple[str, str], float]) -> int:
    under = values.get(("load/used", "under_seven_day_mean"))
    if under is None or under >= BAR:
        return 0
    print(f"the load forecast is {under:.1%} under the 7-day mean, {BAR:.0%} are wanted", file=sys.stderr)
    return 1
