"""Reads stored configuration field by field; what is wrong is said once, with its owner, field and value."""

from collections.abc import Callable, Collection, Mapping
from datetime import time
from math import isfinite
import re
from typing import Any

MODEL_MESSAGE = re.compile(r"(?P<owner>[^:]+): (?P<field>\w+) (?P<reason>.+)", re.DOTALL)
"""How every value of the core model refuses a field."""

OTHER_FIELD = re.compile(r"must not exceed (?=\w)")
"""Before the name of a second field in such a message."""

FLATTENED = {"comfort": "comfort_", "comfort period": "night_", "legionella": "legionella_", "mass": "mass_"}
"""Parts of the model whose fields are stored with a prefix beside those of their asset."""


class HomeError(ValueError):
    """A stored field cannot be used."""

    def __init__(self, owner: str, field: str, reason: str) -> None:
        """`owner` is the title of the home or asset; `reason` follows the field's name and ends with the value."""
        super().__init__(f"{owner}: {field} {reason}")
        self.owner = owner
        self.field = field
        self.reason = reason


class Reader:
    """The fields of one owner."""

    def __init__(self, owner: str, data: Mapping[str, Any]) -> None:
        self.owner = owner
        self._data = data

    def wrong(self, field: str, reason: str) -> HomeError:
        """The error that says what is wrong with a field."""
        return HomeError(self.owner, field, reason)

    def has(self, field: str) -> bool:
        """Whether the field was given; None and empty text count as not given."""
        return self._data.get(field) not in (None, "")

    def have(self, *fields: str) -> bool:
        """Whether fields that need each other were given; none of them is fine, only some are not."""
        given = [field for field in fields if self.has(field)]
        for field in fields:
            if given and field not in given:
                raise self.wrong(field, f"is missing beside {given[0]}")
        return bool(given)

    def number(self, field: str) -> float:
        """A finite number."""
        value = self._given(field)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(field, f"must be a number, got {value!r}")
        if not isfinite(value):
            raise self.wrong(field, f"must be a finite number, got {value}")
        return float(value)

    def number_within(self, field: str, low: float, high: float | None = None) -> float:
        """A number not below `low` nor above `high`; None: without end."""
        value = self.number(field)
        if high is not None and not low <= value <= high:
            raise self.wrong(field, f"must be between {low:g} and {high:g}, got {value:g}")
        if value < low:
            raise self.wrong(field, f"must be at least {low:g}, got {value:g}")
        return value

    def whole(self, field: str) -> int:
        """A whole number."""
        value = self.number(field)
        if not value.is_integer():
            raise self.wrong(field, f"must be a whole number, got {value:g}")
        return int(value)

    def numbers(self, field: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        values = self._given(field)
        if not isinstance(values, list | tuple):
            raise self.wrong(field, f"must be a list of numbers, got {values!r}")
        return tuple(Reader(self.owner, {field: value}).number(field) for value in values)

    def flag(self, field: str) -> bool:
        """Yes or no."""
        value = self._given(field)
        if not isinstance(value, bool):
            raise self.wrong(field, f"must be true or false, got {value!r}")
        return value

    def text(self, field: str) -> str:
        """Text that is not empty."""
        value = self._given(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, f"must be text, got {value!r}")
        return value

    def one_of(self, field: str, options: Collection[str]) -> str:
        """One of some words."""
        value = self.text(field)
        if value not in options:
            raise self.wrong(field, f"must be one of {', '.join(options)}, got {value!r}")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """One text or a list of them, none where it was not given; each counts once."""
        if not self.has(field):
            return ()
        values = self._given(field)
        if isinstance(values, str):
            return (self.text(field),)
        if not isinstance(values, list | tuple):
            raise self.wrong(field, f"must be text or a list of texts, got {values!r}")
        return tuple(dict.fromkeys(Reader(self.owner, {field: value}).text(field) for value in values))

    def optional_text(self, field: str) -> str | None:
        """Text, or None where it was not given."""
        return self.text(field) if self.has(field) else None

    def clock(self, field: str) -> time:
        """A time of day such as 07:30 or 07:30:00."""
        value = self.text(field)
        try:
            clock = time.fromisoformat(value)
        except ValueError as error:
            raise self.wrong(field, f"must be a time such as 07:30, got {value!r}") from error
        if clock.tzinfo is not None:
            raise self.wrong(field, f"must be a local time without a zone, got {value!r}")
        return clock

    def part(self, field: str) -> Reader:
        """The fields below a field."""
        value = self._given(field)
        if not isinstance(value, Mapping):
            raise self.wrong(field, f"must hold fields, got {value!r}")
        return Reader(self.owner, value)

    def parts(self, field: str) -> tuple[Reader, ...]:
        """The fields of each entry of a list."""
        values = self._given(field)
        if not isinstance(values, list | tuple):
            raise self.wrong(field, f"must be a list, got {values!r}")
        return tuple(Reader(self.owner, {field: value}).part(field) for value in values)

    def given(self, read: Callable[[str], Any], *fields: str) -> dict[str, Any]:
        """Those of the fields that were given; the model's defaults stand in for the rest."""
        return {field: read(field) for field in fields if self.has(field)}

    def build[T](self, make: Callable[[], T]) -> T:
        """What `make` returns; a value that the model refuses becomes a `HomeError` with the stored field."""
        try:
            return make()
        except HomeError:
            raise
        except ValueError as error:
            raise self._from_model(error) from error

    def _given(self, field: str) -> Any:
        if not self.has(field):
            raise self.wrong(field, "is missing")
        return self._data[field]

    def _from_model(self, error: ValueError) -> HomeError:
        match = MODEL_MESSAGE.fullmatch(str(error))
        if match is None:
            return self.wrong("configuration", f"cannot be used: {error}")
        prefix = FLATTENED.get(match["owner"], "")
        reason = OTHER_FIELD.sub(rf"\g<0>{prefix}", match["reason"])
        return self.wrong(prefix + match["field"], reason)
