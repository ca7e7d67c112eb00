"""How fast, how exact and how big the optimiser is: `scripts/bench solve`."""

from .command import add_parser

__all__ = ["add_parser"]
