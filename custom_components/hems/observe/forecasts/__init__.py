"""PV forecasts of the popular integrations; one source a file."""

from .entity import PvReading, async_read_pv

__all__ = ["PvReading", "async_read_pv"]
