"""`scripts/bench ingest`: the telemetry path under load, with the stack's own broker and a real time-series store."""

from pathlib import Path
import sys

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "balena/agent", ROOT / "scripts")
"""Where the agent's package is, and what starts the stack's services."""
sys.path += [str(folder) for folder in FOLDERS if str(folder) not in sys.path]
