"""Price lists of the popular integrations; one format a file.

A format is a function `rows(attributes) -> list[Row] | None`: None where the attributes are not of its kind.
Rows are read by their times, never by their place in the list; a missing end is the start of the next row.
"""

from .entity import PriceReading, async_read_prices

__all__ = ["PriceReading", "async_read_prices"]
