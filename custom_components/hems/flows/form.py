"""A step that is one form: shown, read, checked, and shown again with what is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowHandler, FlowResult
from homeassistant.helpers.translation import async_get_translations
import probatio as vol

from ..const import DOMAIN
from ..home import HomeError
from .fields import ADVANCED, MEASUREMENTS, Field, Form, entity_problem, schema, stored
from .problems import Problem, problem_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStep:
    """What one form asks."""

    step_id: str
    strings: str
    """Where its words are: `config.step.home` or `config_subentries.battery.step.details`."""
    fields: tuple[Field, ...]
    currency: str
    check: Callable[[Mapping[str, Any]], Problem | None]
    """Reads the stored fields; may raise HomeError."""

    def schema(self, data: Mapping[str, Any] | None, *, opened: str | None = None) -> vol.Schema:
        """The form filled with what is stored; with `None`, with the defaults."""
        return schema(self.fields, self.currency, data, opened=opened)

    def read(self, hass: HomeAssistant, form: Form) -> dict[str, Any] | Problem:
        """What is stored for the form as it was filled in, or what is wrong with it."""
        try:
            data = stored(self.fields, form)
            return entity_problem(hass, self.fields, data) or self.check(data) or data
        except HomeError as error:
            return problem_of(error, percent=any(field.key == error.field and field.percent for field in self.fields))

    def place(self, field: str) -> str:
        """Where in the form an error about the field is shown.

        Home Assistant shows no error beside a field inside a section, so that one stands above the section.
        """
        places = {own.key: own.section or own.key for own in self.fields}
        return places.get(field, "base")

    async def async_labels(self, hass: HomeAssistant) -> Callable[[str], str]:
        """The names of the fields in the language of Home Assistant."""
        category = self.strings.partition(".")[0]
        words = await async_get_translations(hass, hass.config.language, category, {DOMAIN})
        step = f"component.{DOMAIN}.{self.strings}"

        def label(field: str) -> str:
            places = (step, *(f"{step}.sections.{name}" for name in (ADVANCED, MEASUREMENTS)))
            found = (words.get(f"{place}.data.{field}") for place in places)
            return next(filter(None, found), field)

        return label


async def async_ask[R: FlowResult[Any, Any]](
    flow: FlowHandler[Any, R, Any],
    form: FormStep,
    user_input: Form | None,
    data: Mapping[str, Any] | None,
    accept: Callable[[dict[str, Any]], Awaitable[R]],
) -> R:
    """Show the form with `data` until it is filled in well, then `accept` what is to be stored."""
    if user_input is None:
        return flow.async_show_form(step_id=form.step_id, data_schema=form.schema(data))
    answer = form.read(flow.hass, user_input)
    if not isinstance(answer, Problem):
        return await accept(answer)
    return await async_refuse(flow, form, user_input, answer)


async def async_refuse[R: FlowResult[Any, Any]](
    flow: FlowHandler[Any, R, Any], form: FormStep, user_input: Form, problem: Problem
) -> R:
    """Show the form as it was filled in, with what is wrong."""
    label = await form.async_labels(flow.hass)
    placeholders = {"field": label(problem.field), **problem.placeholders}
    if problem.other_field is not None:
        placeholders["other"] = label(problem.other_field)
    place = form.place(problem.field)
    # An optional field that was left empty stays empty: only the required ones keep their defaults.
    needed = {field.key: field.default for field in form.fields if field.required}
    return flow.async_show_form(
        step_id=form.step_id,
        data_schema=flow.add_suggested_values_to_schema(form.schema(needed, opened=place), user_input),
        errors={place: problem.error},
        description_placeholders=placeholders,
    )
