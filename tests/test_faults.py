"""Every fault of others in the table has a test of ours that exists."""

import ast
from functools import cache
from pathlib import Path
import tomllib

import pytest

ROOT = Path(__file__).parents[1]
FAULTS = tomllib.loads((ROOT / "tests/cases/faults.toml").read_text())["fault"]
FIELDS = {"number", "seen_in", "fault", "must_show", "tests"}


@cache
def names_of_tests(path: str) -> frozenset[str]:
    """Names of the test functions of a file, which is read and not imported."""
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def test_the_table_is_complete():
    assert [fault["number"] for fault in FAULTS] == list(range(1, 36))


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault['number']} {fault['seen_in']}" for fault in FAULTS])
def test_a_fault_is_shown_not_to_be_ours(fault):
    assert fault.keys() - {"open"} == FIELDS
    assert all(fault.values())
    assert len(set(fault["tests"])) == len(fault["tests"])
    for test in fault["tests"]:
        path, name = test.split("::")
        assert name in names_of_tests(path), test
