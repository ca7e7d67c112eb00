"""`scripts/bench`, at its quickest."""

from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import subprocess

import pytest

from bench.__main__ import main
from bench.prices import Market
from custom_components.hems.core.model import Horizon

ROOT = Path(__file__).parents[2]


def test_closed_loop_prints_a_row_for_every_controller(capsys: pytest.CaptureFixture[str]) -> None:
    main(["closed-loop", "--days", "1", "--season", "spring", "--quick", "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) == {"bench", "case", "metric", "value"} for row in rows)
    totals = {row["case"]: row["value"] for row in rows if row["metric"] == "total"}
    assert list(totals) == ["spring/rule-based", "spring/improved rule", "spring/HEMS", "spring/lower bound"]
    assert totals["spring/lower bound"] == min(totals.values())
    assert next(row["value"] for row in rows if row["metric"] == "fallbacks") == 0


def test_table_names_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    main(["closed-loop", "--days", "1", "--season", "summer", "--quick"])
    lines = capsys.readouterr().out.splitlines()
    assert "CPU s per plan" in lines[1]
    assert [line.split()[0] for line in lines[2:]] == ["summer"] * 4


@pytest.mark.parametrize("arguments", [["closed-loop", "--days", "0"], ["closed-loop", "--season", "monsoon"], []])
def test_nonsense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_planner_knows_tomorrows_prices_only_from_one_o_clock() -> None:
    start = datetime(2020, 4, 12, 22, tzinfo=UTC)
    market = Market.around(start, 7, "Europe/Berlin")
    tomorrow = start + timedelta(hours=40)
    truth = market.tariff.import_price.at(tomorrow)
    told = [market.known(Horizon.tiered(start + timedelta(hours=hour))).import_price.at(tomorrow) for hour in (12, 13)]
    assert told[0] != truth
    assert told[1] == truth


def test_prices_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="does not cover"):
        Market.around(datetime(2020, 11, 2, tzinfo=UTC), 7, "Europe/Berlin")


def test_script_is_executable_and_sound() -> None:
    script = ROOT / "scripts" / "bench"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)
