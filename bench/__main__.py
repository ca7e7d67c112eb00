"""`scripts/bench NAME`: each measurement brings its own options and returns its own exit code."""

import argparse
from collections.abc import Sequence
import sys

from . import closed_loop, forecast
from .fleet import command as fleet
from .ingest import command as ingest
from .recovery import command as recovery
from .recovery import footprint
from .soak import command as soak
from .solve import command as solve

BENCHES = (closed_loop, forecast, solve, ingest, recovery, footprint, soak, fleet)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the measurement that was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measurements of HEMS.")
    commands = parser.add_subparsers(dest="command", required=True)
    for bench in BENCHES:
        bench.add_parser(commands)
    options = parser.parse_args(arguments)
    code: int = options.main(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
