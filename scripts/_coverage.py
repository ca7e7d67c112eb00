"""Hold the coverage of a finished test run against what the project promises; exit 1 below it."""

import json
from pathlib import Path
import sys

INTEGRATION_PERCENT = 95.0
FLOW_PERCENT = 100.0


def main() -> int:
    """Print each promise that is not kept."""
    files = json.loads(Path(sys.argv[1]).read_text())["files"]
    flow = {name for name in files if name.endswith("config_flow.py") or "/flows/" in name}
    integration = {name for name in files if "/core/" not in name}
    short = [
        f"{label}: {percent:.1f} % covered, {wanted:g} % promised"
        for label, names, wanted in (
            ("integration", integration, INTEGRATION_PERCENT),
            ("config flow", flow, FLOW_PERCENT),
        )
        if (percent := _percent([files[name]["summary"] for name in names])) < wanted
    ]
    print("\n".join(short) or "coverage: as promised")
    return 1 if short else 0


def _percent(summaries: list[dict[str, float]]) -> float:
    covered = sum(summary["covered_lines"] + summary.get("covered_branches", 0) for summary in summaries)
    total = sum(summary["num_statements"] + summary.get("num_branches", 0) for summary in summaries)
    return 100.0 * covered / total if total else 100.0


if __name__ == "__main__":
    sys.exit(main())
