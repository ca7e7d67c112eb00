"""The promises about coverage are held for each module, not on the whole."""

import json
from pathlib import Path
import subprocess
import sys

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/_coverage.py"
HEMS = "custom_components/hems"


def a_summary(covered: int) -> dict[str, int]:
    """Of 100 statements and 100 branches; all the branches are covered."""
    return {"covered_lines": covered - 100, "num_statements": 100, "covered_branches": 100, "num_branches": 100}


@pytest.mark.parametrize(
    ("module", "covered", "kept"),
    [
        ("sensor.py", 191, True),
        ("sensor.py", 190, False),
        ("flows/site.py", 200, True),
        ("flows/site.py", 199, False),
        ("config_flow.py", 199, False),
        ("core/wire.py", 110, True),
    ],
)
def test_each_module_is_held_to_its_promise(tmp_path, module, covered, kept):
    report = {f"{HEMS}/const.py": a_summary(200), f"{HEMS}/{module}": a_summary(covered)}
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps({"files": {name: {"summary": summary} for name, summary in report.items()}}))
    run = subprocess.run([sys.executable, SCRIPT, file], capture_output=True, text=True, check=False)
    assert (run.returncode == 0) is kept
    assert (f"{HEMS}/{module}" in run.stdout) is not kept
