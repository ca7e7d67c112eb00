"""What several asset kinds have in common."""

from collections.abc import Mapping
from typing import Any

from ..const import CONF_PHASE
from ..core.model import Phase
from .reader import Reader

PHASES: Mapping[str, Phase] = {"l1": "l1", "l2": "l2", "l3": "l3"}


def phase_of(fields: Reader) -> dict[str, Any]:
    """The phase that an asset is on, as an argument of its value; nothing where it is on all three."""
    return {CONF_PHASE: PHASES[fields.one_of(CONF_PHASE, PHASES)]} if fields.has(CONF_PHASE) else {}
