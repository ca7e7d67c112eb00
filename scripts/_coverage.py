"""Hold the coverage of a finished test run, lines and branches, against what the project promises; exit 1 below it."""

import json
from pathlib import Path
import sys


def main() -> int:
    """Name each module of the integration that keeps less than its promise."""
    files = json.loads(Path(sys.argv[1]).read_text())["files"]
    short = [
        f"{name}: {percent:.1f} % covered, {_promise(name)} promised"
        for name, report in sorted(files.items())
        if "/core/" not in name and not _kept(name, percent := _percent(report["summary"]))
    ]
    print("\n".join(short) or "coverage: as promised")
    return 1 if short else 0


def _is_flow(name: str) -> bool:
    return name.endswith("config_flow.py") or "/flows/" in name


def _promise(name: str) -> str:
    return "100 %" if _is_flow(name) else "more than 95 %"


def _kept(name: str, percent: float) -> bool:
    return percent >= 100.0 if _is_flow(name) else percent > 95.0


def _percent(summary: dict[str, float]) -> float:
    covered = summary["covered_lines"] + summary.get("covered_branches", 0)
    total = summary["num_statements"] + summary.get("num_branches", 0)
    return 100.0 * covered / total if total else 100.0


if __name__ == "__main__":
    sys.exit(main())
