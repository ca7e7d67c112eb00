"""Writes docs/mqtt/*.schema.json and the table of quantities in docs/mqtt.md, for scripts/docs-tables."""

import json
from pathlib import Path
import re
import sys

from custom_components.hems.core.exchange import QUANTITIES
from custom_components.hems.core.exchange.schemas import schemas

FOLDER = Path(__file__).parents[1] / "docs" / "mqtt"
PAGE = FOLDER.with_suffix(".md")
PLACE = re.compile(r"(<!-- quantities -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write every schema anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
    PAGE.write_text(with_quantities(PAGE.read_text("utf-8")), "utf-8")
    return 0


def with_quantities(page: str) -> str:
    """The page with its table as it should be."""
    rows = (
        f"| `{row.name}` | {row.unit} | {row.low:g} to {row.high:g} | {row.meaning} |" for row in QUANTITIES.values()
    )
    table = "\n".join(["| quantity | unit | range | meaning |", "|---|---|---|---|", *rows, ""])
    return PLACE.sub(lambda found: found[1] + table + found[2], page)


def files() -> dict[str, str]:
    """Each file as it should be, by name."""
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


if __name__ == "__main__":
    sys.exit(main())
