"""`scripts/bench recovery` and `footprint`: the whole stack of a home, as scripts/stack runs it."""

from bench.ingest import FOLDERS, ROOT

__all__ = ["FOLDERS", "ROOT"]
