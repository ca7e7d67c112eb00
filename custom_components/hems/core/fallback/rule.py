"""What every rule offers."""

from typing import Protocol

from ..model import AssetPlan

DUST_KW = 1e-9
"""Rounding may not keep a device from the last watt of its room."""


class Planned(Protocol):
    """What has a schedule once the last step is decided."""

    def plan(self) -> AssetPlan:
        """The schedule, with what else develops."""


class Rule(Planned, Protocol):
    """A consumer that decides step by step."""

    def decide(self, index: int, room_kw: float, told_kw: float | None) -> float:
        """Its power in step `index`, at most `room_kw` where it has a choice; `told_kw` is the user's word."""
