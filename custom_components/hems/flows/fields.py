"""A field of a form and of what is stored, and how one becomes the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
import probatio as vol

from .entities import EntityRole
from .problems import Problem

ADVANCED = "advanced"
"""The section of fields that most people leave alone."""
MEASUREMENTS = "measurements"
"""The section of entities that are only recorded."""
CURRENCY_SIGN = "¤"
"""Stands for the home's currency in a unit."""

type Form = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field; limits are not repeated here, the value made from the form knows them."""

    key: str
    selector: Callable[[str], Selector[Any]]
    """Made for a currency."""
    required: bool = False
    default: Any = None
    """Shown in an empty form, as stored; None: the form leaves it open."""
    section: str | None = None
    """Collapsed, after the others; None: the form itself."""
    percent: bool = False
    """Stored as a fraction, shown in per cent."""
    role: EntityRole | None = None
    """Of a field that names an entity."""
    to_stored: Callable[[Any], Any] | None = None
    """From the form; may raise HomeError."""
    to_shown: Callable[[Any], Any] | None = None

    def stored(self, shown: Any) -> Any:
        """What is stored for what the form gave."""
        if self.percent:
            return round(shown / 100.0, 6)
        return self.to_stored(shown) if self.to_stored else shown

    def shown(self, stored: Any) -> Any:
        """What the form shows for what is stored."""
        if self.percent:
            return round(stored * 100.0, 4)
        return self.to_shown(stored) if self.to_shown else stored


def number(key: str, unit: str | None = None, **options: Any) -> Field:
    """A number in a box."""

    def selector(currency: str) -> Selector[Any]:
        config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
        if unit is not None:
            config["unit_of_measurement"] = unit.replace(CURRENCY_SIGN, currency)
        return NumberSelector(config)

    return Field(key=key, selector=selector, **options)


def percent(key: str, **options: Any) -> Field:
    """A fraction, shown in per cent."""
    return number(key, "%", percent=True, **options)


def entity(key: str, role: EntityRole, **options: Any) -> Field:
    """An entity that fits a role."""
    return Field(key=key, selector=lambda _: role.selector(), role=role, **options)


def entities(key: str, role: EntityRole, **options: Any) -> Field:
    """Any number of entities that fit a role; a single one may be stored by itself."""
    return Field(
        key=key,
        selector=lambda _: role.selector(multiple=True),
        role=role,
        to_shown=lambda stored: [stored] if isinstance(stored, str) else list(stored),
        **options,
    )


def flag(key: str, *, default: bool, **options: Any) -> Field:
    """Yes or no."""
    return Field(key=key, selector=lambda _: BooleanSelector(), default=default, **options)


def text(key: str, **options: Any) -> Field:
    """A line of text."""
    return Field(key=key, selector=lambda _: TextSelector(), **options)


def clock(key: str, **options: Any) -> Field:
    """A time of day."""
    return Field(key=key, selector=lambda _: TimeSelector(), **options)


def choice(key: str, options: Sequence[str], **settings: Any) -> Field:
    """One of some words, which may be left open."""
    config = SelectSelectorConfig(options=list(options), translation_key=key, mode=SelectSelectorMode.DROPDOWN)
    return Field(key=key, selector=lambda _: SelectSelector(config), **settings)


def schema(
    fields: Iterable[Field], currency: str, stored: Mapping[str, Any] | None, *, opened: str | None
) -> vol.Schema:
    """The form, filled with what is stored; with `None`, with the defaults. `opened` is the section that is shown."""
    plain: dict[Any, Any] = {}
    sections: dict[str, dict[Any, Any]] = {}
    for field in fields:
        place = plain if field.section is None else sections.setdefault(field.section, {})
        place[_marker(field, stored)] = field.selector(currency)
    for name, inside in sections.items():
        plain[vol.Required(name)] = section(vol.Schema(inside), {"collapsed": name != opened})
    return vol.Schema(plain)


def _marker(field: Field, stored: Mapping[str, Any] | None) -> Any:
    """A required field has a default that cannot be cleared, an optional one a suggestion that can."""
    value = field.default if stored is None else stored.get(field.key)
    shown = None if value is None else field.shown(value)
    if field.required:
        return vol.Required(field.key, default=vol.UNDEFINED if shown is None else shown)
    return vol.Optional(field.key, description=None if shown is None else {"suggested_value": shown})


def stored(fields: Iterable[Field], form: Form) -> dict[str, Any]:
    """What is stored for a form that was filled in."""
    given = {**form, **form.get(ADVANCED, {}), **form.get(MEASUREMENTS, {})}
    return {field.key: field.stored(given[field.key]) for field in fields if not _is_open(field, given.get(field.key))}


def _is_open(field: Field, shown: Any) -> bool:
    """An empty list of entities is none; any other list says something by being empty."""
    return shown in (None, "") or (field.role is not None and shown == [])


def entity_problem(hass: HomeAssistant, fields: Iterable[Field], data: Mapping[str, Any]) -> Problem | None:
    """The first entity that does not fit."""
    named = (
        (field.role, field.key, entity_id)
        for field in fields
        if field.role is not None and field.key in data
        for entity_id in ([data[field.key]] if isinstance(data[field.key], str) else data[field.key])
    )
    return next(filter(None, (role.problem(hass, key, entity_id) for role, key, entity_id in named)), None)
