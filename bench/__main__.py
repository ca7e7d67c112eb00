"""`scripts/bench closed-loop`."""

import argparse
from collections.abc import Sequence
import json
import sys

from .closed_loop import HEADER, QUICK, SEASONS, Rhythm, results, rows, table_line


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when HEMS was cheaper than the rule-based controller in every season, else 1."""
    options = _parse(arguments)
    seasons = tuple(SEASONS) if options.season == "all" else (options.season,)
    rhythm = QUICK if options.quick else Rhythm()
    if not options.json:
        print(f"EUR for {options.days} days of the simulated home, seed {options.seed}\n{HEADER}", flush=True)
    dearer = []
    for season in seasons:
        totals: dict[str, float] = {}
        for result in results(season, options.days, options.seed, rhythm, foresight=options.foresight):
            totals[result.controller] = result.total
            if options.json:
                for row in rows(result):
                    print(json.dumps(row), flush=True)
            else:
                print(table_line(result), flush=True)
        if totals["HEMS"] >= totals["rule-based"]:
            dearer.append(season)
    if dearer:
        print(f"HEMS was not cheaper than the rule-based controller in {', '.join(dearer)}", file=sys.stderr)
    return 1 if dearer else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measurements of HEMS.")
    commands = parser.add_subparsers(dest="command", required=True)
    loop = commands.add_parser(
        "closed-loop",
        help="HEMS in charge of a simulated home, beside rules and the best that is possible",
        description="Total = bill + wear + comfort at its prices + what the home holds less at the end.",
    )
    loop.add_argument("--days", type=_days, default=7, help="1 to 20 (default 7)")
    loop.add_argument("--season", choices=(*SEASONS, "all"), default="all")
    loop.add_argument("--seed", type=int, default=1, help="of weather, people and cars (default 1)")
    loop.add_argument("--json", action="store_true", help='one {"bench", "case", "metric", "value"} a line')
    loop.add_argument("--quick", action="store_true", help="5 min steps and hourly, coarser plans")
    loop.add_argument("--foresight", action="store_true", help="also HEMS with perfect forecasts")
    return parser.parse_args(arguments)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 20:
        raise argparse.ArgumentTypeError(f"must be between 1 and 20, got {days}")
    return days


if __name__ == "__main__":
    sys.exit(main())
