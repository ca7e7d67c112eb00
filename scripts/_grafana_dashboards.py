"""Writes balena/grafana/dashboards/*.json, for scripts/docs-tables."""

import json
from pathlib import Path
import sys

sys.path.append(str(Path(__file__).parent))

from dashboards_support import boards, operations, planning
from dashboards_support.grafana import Dashboard

FOLDER = Path(__file__).parents[1] / "balena" / "grafana" / "dashboards"


def dashboards() -> dict[str, Dashboard]:
    """By the name of the file."""
    return {
        "overview": boards.overview(),
        "energy": boards.energy(),
        "forecasts": planning.forecasts(),
        "plan": planning.plan(),
        "health": operations.health(),
        "fleet": operations.fleet(),
    }


def files() -> dict[str, str]:
    """Each file as it should be, by name."""
    return {
        f"{name}.json": json.dumps(dashboard.json(), indent=1, ensure_ascii=False) + "\n"
        for name, dashboard in dashboards().items()
    }


def main() -> int:
    """Write every dashboard anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
