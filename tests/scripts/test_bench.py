"""`scripts/bench`, at its quickest."""

from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import subprocess
from zoneinfo import ZoneInfo

import pytest

from bench.__main__ import main
from bench.ending import Ending
from bench.prices import Market
from custom_components.hems.core.model import Horizon
from custom_components.hems.core.simulation import Physics, simulated_home

ROOT = Path(__file__).parents[2]


def test_closed_loop_prints_a_row_for_every_controller(capsys: pytest.CaptureFixture[str]) -> None:
    main(["closed-loop", "--days", "1", "--season", "spring", "--quick", "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) == {"bench", "case", "metric", "value"} for row in rows)
    totals = {row["case"]: row["value"] for row in rows if row["metric"] == "total"}
    assert list(totals) == ["spring/rule-based", "spring/improved rule", "spring/lower bound", "spring/HEMS"]
    assert totals["spring/lower bound"] == min(totals.values())
    saved, most = (totals["spring/rule-based"] - totals[f"spring/{name}"] for name in ("HEMS", "lower bound"))
    shares = {row["case"]: row["value"] for row in rows if row["metric"] == "share_of_perfect_foresight_saving"}
    assert shares["spring/HEMS"] == pytest.approx(saved / most, abs=1e-3)
    assert next(row["value"] for row in rows if row["metric"] == "fallbacks") == 0


def test_table_names_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    main(["closed-loop", "--days", "1", "--season", "summer", "--quick"])
    lines = capsys.readouterr().out.splitlines()
    assert "CPU s per plan" in lines[1]
    assert [line.split()[0] for line in lines[2:]] == ["summer"] * 6


def test_what_a_home_is_left_with_counts_as_the_best_days_after_it() -> None:
    start = datetime(2020, 9, 7, tzinfo=ZoneInfo("Europe/Berlin"))
    after = start + timedelta(days=1)
    home, fresh = (simulated_home(seed=1, start=day)[1] for day in (start, after))
    ending = Ending(home, fresh, Market.around(start, 1, "Europe/Berlin"), days=1)
    full, empty = (simulated_home(seed=1, start=after, physics=Physics(start_soc=soc))[1] for soc in (0.9, 0.1))
    assert ending.cost(simulated_home(seed=1, start=after)[1]) == pytest.approx(0.0, abs=1e-6)
    # 8 kWh more in the battery are worth something, but less than the dearest hours of 2020.
    assert -8.0 * 0.5 < ending.cost(full) - ending.cost(empty) < 0.0


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
