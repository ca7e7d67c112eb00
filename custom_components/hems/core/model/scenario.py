"""One way in which load and sun may turn out."""

from collections.abc import Mapping
from dataclasses import dataclass

from .checks import above, at_least, within
from .series import Series
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Value):
    """What load and sun would be, and how likely that is; everything else is as in the request."""

    probability: float
    """Above 0; the scenarios of a request share 1 in proportion to theirs."""
    load_kw: Series
    """Like the request's own."""
    available_kw: Mapping[str, Series]
    """Of each PV array, by its name; an array that is missing gives what its own state says."""

    def __post_init__(self) -> None:
        above("scenario", "probability", self.probability, 0.0)
        within("scenario", "probability", self.probability, 0.0, 1.0)
        for name, values in {"load_kw": self.load_kw.values, **self._suns()}.items():
            for value in values:
                if value is not None:
                    at_least("scenario", name, value, 0.0)

    def _suns(self) -> dict[str, tuple[float | None, ...]]:
        return {f"available_kw.{name}": sun.values for name, sun in self.available_kw.items()}
