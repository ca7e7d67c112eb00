"""Forecasts beside those of others, on real records."""

import pytest

from bench import forecast_prices, forecast_pv, forecast_temperature


@pytest.fixture(scope="module")
def pv() -> dict[tuple[str, str], float]:
    return {(case, metric): value for case, metric, value in forecast_pv.results(quick=True)}


def test_calibrated_pv_is_closer_than_what_the_home_was_told(pv):
    for metric in ("mae_w", "daylight_mae_w", "daylight_rmse_w"):
        assert pv["pv/hems", metric] < 0.95 * pv["pv/shipped", metric]


def test_four_in_five_outcomes_lie_between_p10_and_p90(pv):
    for case in ("pv/hems", "pv/hems-no-provider", "pv-next-hour/hems"):
        assert 0.7 <= pv[case, "coverage_p10_p90"] <= 0.9


def test_without_a_provider_it_is_better_than_yesterday(pv):
    assert pv["pv/hems-no-provider", "daylight_mae_w"] < pv["pv/yesterday", "daylight_mae_w"]


def test_the_last_hour_helps_the_next(pv):
    shipped, last, hems = (pv[f"pv-next-hour/{case}", "mae_w"] for case in ("shipped", "last-value", "hems"))
    assert hems < 0.9 * min(shipped, last)


def test_estimated_prices_are_closer_than_the_nearest_known_day():
    found = {case: value for case, _, value in forecast_prices.results(quick=True)}
    assert found["prices/hems"] < found["prices/nearest-known-day"]


def test_temperature_is_closer_than_yesterday():
    found = {(case, metric): value for case, metric, value in forecast_temperature.results(quick=True)}
    for metric in ("mae_day_1_k", "mae_day_2_k"):
        assert found["temperature/hems", metric] < found["temperature/yesterday", metric]
