"""What is wrong with an input, as an error that can be translated and that shows the user's own numbers."""

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import re

from ..home import HomeError


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a form."""

    error: str
    """Translation key."""
    field: str
    """Key of the field in the form."""
    placeholders: Mapping[str, str] = dataclasses.field(default_factory=dict)
    other_field: str | None = None
    """A second field that the error speaks of."""


_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
_REASONS = (
    (re.compile(rf"must be greater than (?P<low>{_NUMBER}), got (?P<value>.+)"), "not_above"),
    (re.compile(rf"must be at least (?P<low>{_NUMBER}), got (?P<value>.+)"), "too_low"),
    (re.compile(rf"must be between (?P<low>{_NUMBER}) and (?P<high>{_NUMBER}), got (?P<value>.+)"), "out_of_range"),
    (re.compile(rf"\((?P<value>{_NUMBER})\) must not exceed (?P<other>\w+) \((?P<high>{_NUMBER})\)"), "above_other"),
    (re.compile(r"must be a (?:finite )?number, got (?P<value>.+)"), "not_a_number"),
    (re.compile(r"must be a whole number, got (?P<value>.+)"), "not_whole"),
    (re.compile(r"must be a three-letter code such as EUR, got (?P<value>.+)"), "invalid_currency"),
    (re.compile(r"is missing"), "missing"),
    (re.compile(r"is missing beside (?P<other>\w+)"), "missing_beside"),
    (re.compile(r"needs a (?P<other>\w+) above 0, .+"), "needs_other"),
    (re.compile(r"is missing, and there is no export_price_entity either"), "export_price_missing"),
    (re.compile(r"is missing, and the charger switches its phases"), "phase_entity_missing"),
    (re.compile(r"must not be empty"), "periods_empty"),
    (re.compile(r"entry (?P<value>\d+): import_price_per_kwh is missing"), "period_without_price"),
    (re.compile(r"entry (?P<value>\d+): \w+ must be a full minute, got .+"), "period_not_full_minute"),
    (re.compile(r"must not overlap, got (?P<value>.+) and (?P<high>.+)"), "periods_overlap"),
    (re.compile(r"must fill the day, got no price for (?P<value>.+)"), "periods_leave_hole"),
)
"""What the values say of themselves, and the translation that says it to people."""


def problem_of(error: HomeError, percent: bool) -> Problem:
    """A refused value as an error of the form; with `percent` its numbers are fractions that the form shows in %."""
    for pattern, key in _REASONS:
        if match := pattern.fullmatch(error.reason):
            found = {name: text for name, text in match.groupdict().items() if name != "other" and text is not None}
            shown = {name: _in_percent(text) for name, text in found.items()} if percent else found
            return Problem(key, error.field, shown, match.groupdict().get("other"))
    return Problem("invalid_value", error.field, {"reason": error.reason})


def _in_percent(text: str) -> str:
    return f"{float(text) * 100:g} %" if re.fullmatch(_NUMBER, text) else text
