"""Writes docs/stack-variables.md from the agent's table of variables, for scripts/docs-tables."""

from pathlib import Path
import sys

sys.path.append(str(Path(__file__).parents[1] / "balena/agent"))

from hems_agent.settings import VARIABLES

PAGE = Path(__file__).parents[1] / "docs" / "stack-variables.md"
HEAD = """# Variables of the stack

Every one is optional: without any of them a home runs, alone, with secrets of its own that no other home has. On
balena set them for a fleet or for one device (the device wins); a change restarts the services. With plain docker they
stand in `.env` ([.env.example](../.env.example)). Whoever may open the fleet's dashboard sees them, so give a device
only what it needs to join the fleet; everything else is made on the device.

| variable | default | read by | what it does |
|---|---|---|---|
"""


def page() -> str:
    """As it should be."""
    rows = (
        f"| `{one.name}`{' 🔒' if one.is_secret else ''} | {f'`{one.default}`' if one.default else 'none'} "
        f"| {', '.join(one.services)} | {one.meaning} |"
        for one in VARIABLES
    )
    return HEAD + "\n".join(rows) + "\n\n🔒 a secret: it never appears in a log, in diagnostics or in a message.\n"


def main() -> int:
    """Write it."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
