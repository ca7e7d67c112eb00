"""What the core says by a key has a word in every language, in entities and on cards."""

import json
from pathlib import Path
import re

import pytest

from custom_components.hems.core.explain import Action, Why
from custom_components.hems.core.model import Fallback, Feasible, Infeasible, Optimal, TimedOut
from custom_components.hems.sensor_site import PLAN_STATUSES

HEMS = Path(__file__).parents[1] / "custom_components/hems"
CARDS = Path(__file__).parents[1] / "frontend/src/strings"
LANGUAGES = ("en", "de")
NO_PLAN = {"none"}


def keys_of(table: dict, path: str = "") -> set[str]:
    return {
        key
        for name, value in table.items()
        for key in (keys_of(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}"})
    }


def limits() -> set[str]:
    """Last parts of the names under which the judgement of plans, by whomever they were made, reports broken limits."""
    sources = "".join(path.read_text() for path in (HEMS / "core/model/assessment").glob("*.py"))
    named = set(re.findall(r'(?:f"\{[\w.]+\}|"grid)\.([a-z_]+)"', sources))
    assert {"target", "max_export"} <= named
    return named


def labels() -> set[str]:
    """Last parts of the names of all limits in the optimiser's equations: any of them may be what binds."""
    sources = "".join(path.read_text() for path in (HEMS / "core/optimiser").glob("*.py"))
    named = set(re.findall(r'at_(?:most|least)\(\s*(?:f"\{[\w.]+\}|"grid)\.([a-z_]+)"', sources))
    assert {"max_charge", "max_import"} <= named
    return named


def outcomes() -> set[str]:
    return {
        str(outcome.__dataclass_fields__["kind"].default)
        for outcome in (Optimal, Feasible, Infeasible, TimedOut, Fallback)
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("table", "said"),
    [("action", set(Action)), ("reason", set(Why)), ("outcome", outcomes())],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cards_have_a_word_for_everything_that_the_core_says_and_for_nothing_else(language, table, said):
    words = json.loads((CARDS / f"{language}.json").read_text())[table]
    assert set(words) == said
    assert all(words.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_have_a_word_for_every_limit_that_is_reported_and_none_for_limits_that_there_are_not(language):
    words = json.loads((CARDS / f"{language}.json").read_text())["limit"]
    assert limits() <= set(words) <= limits() | labels()
    assert all(words.values())


@pytest.mark.parametrize("file", ["strings.json", *(f"translations/{language}.json" for language in LANGUAGES)])
def test_entities_have_a_word_for_everything_that_the_core_says(file):
    strings = json.loads((HEMS / file).read_text())
    words = strings["common"]
    assert {f"next_{action}" for action in Action} | {f"reason_{reason}" for reason in Why} <= set(words)
    assert {key for key in words if key.startswith("reason_")} == {f"reason_{reason}" for reason in Why}
    assert set(strings["entity"]["sensor"]["plan_status"]["state"]) == set(PLAN_STATUSES) == outcomes() | NO_PLAN


def test_every_language_says_the_same():
    spoken = keys_of(json.loads((HEMS / "strings.json").read_text()))
    for language in LANGUAGES:
        assert keys_of(json.loads((HEMS / f"translations/{language}.json").read_text())) == spoken
