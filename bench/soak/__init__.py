"""`scripts/bench soak`: a home that lives for hours while its services are killed, frozen and cut off at random."""

from bench.ingest import FOLDERS, ROOT

__all__ = ["FOLDERS", "ROOT"]
