"""Writes docs/mqtt/*.schema.json: the second half of scripts/docs-tables."""

import json
from pathlib import Path
import sys

from custom_components.hems.core.exchange.schemas import schemas

FOLDER = Path(__file__).parents[1] / "docs" / "mqtt"


def main() -> int:
    """Write every schema anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


def files() -> dict[str, str]:
    """Each file as it should be, by name."""
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


if __name__ == "__main__":
    sys.exit(main())
