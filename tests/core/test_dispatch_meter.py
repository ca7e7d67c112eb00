"""Between two words of the meter, what the assets change is added; nothing is counted twice."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.dispatch import LiveAsset, Meter
from tests.builders import START

POWERS_KW = st.floats(-20.0, 20.0)


def drawing(**power_kw: float | None) -> dict[str, LiveAsset]:
    return {name: LiveAsset(power_kw=kw) for name, kw in power_kw.items()}


@given(rest_kw=POWERS_KW, before_kw=POWERS_KW, after_kw=st.lists(POWERS_KW, min_size=1))
def test_what_the_assets_change_is_seen_though_the_meter_is_silent(rest_kw, before_kw, after_kw):
    meter = Meter()
    shown_kw = rest_kw + before_kw
    assert meter.exchange_kw(shown_kw, START, drawing(battery=before_kw)) == shown_kw
    for battery_kw in after_kw:
        assert meter.exchange_kw(shown_kw, START, drawing(battery=battery_kw)) == pytest.approx(rest_kw + battery_kw)


def test_each_word_of_the_meter_counts_as_it_is():
    meter = Meter()
    meter.exchange_kw(1.0, START, drawing(battery=0.0))
    assert meter.exchange_kw(1.0, START + timedelta(seconds=10), drawing(battery=-1.0)) == 1.0
    assert meter.exchange_kw(1.0, None, drawing(battery=-2.0)) == 1.0
    assert meter.exchange_kw(1.0, None, drawing(battery=-3.0)) == 1.0
    assert meter.exchange_kw(None, None, drawing(battery=-3.0)) is None


def test_asset_that_comes_or_goes_changes_nothing_until_the_meter_speaks():
    meter = Meter()
    meter.exchange_kw(1.0, START, drawing(battery=0.5, pv=None))
    assert meter.exchange_kw(1.0, START, drawing(battery=None, pv=-3.0)) == 1.0


def test_commanded_power_stands_in_for_one_that_is_not_measured():
    meter = Meter()
    meter.exchange_kw(1.0, START, {"battery": LiveAsset(setpoint_kw=0.0)})
    assert meter.exchange_kw(1.0, START, {"battery": LiveAsset(setpoint_kw=-1.0)}) == 0.0
