"""What `scripts/bench recovery` makes of what it saw."""

from types import SimpleNamespace

import pytest

from bench.recovery.matrix import Found, Matrix, figures

DAY_S = 86400.0


def test_availability_is_what_a_stated_failure_rate_and_the_measured_recovery_leave():
    found = {"agent": Found(back_s=[1.0, 3.0], data_s=[10.0, 12.0]), "homeassistant": Found(back_s=[20.0])}
    rows = {(service, metric): value for service, metric, value in figures(found, mtbf_days=2.0)}
    assert rows["agent", "back_p50_s"] == 2.0
    assert rows["agent", "back_worst_s"] == 3.0
    assert rows["agent", "data_p50_s"] == 11.0
    assert ("homeassistant", "data_p50_s") not in rows
    assert rows["agent", "availability_percent"] == pytest.approx(100 * (1 - 2.0 / (2 * DAY_S)), abs=1e-9)
    assert rows["all of these", "availability_percent"] == pytest.approx(100 * (1 - 22.0 / (2 * DAY_S)), abs=1e-9)
    assert rows["all of these", "kills"] == 3


def a_matrix(arrived, *, sensors=2, seconds=20):
    home = SimpleNamespace(counts=lambda since_s: iter(arrived))
    load = SimpleNamespace(end=lambda: 0, begun_s=1000.0, count=sensors, seconds=seconds)
    matrix = Matrix(home, load, wait_for_data=True)
    matrix.found = {"agent": Found([1.0]), "mosquitto": Found([1.0])}
    matrix.killed = [(1005.0, "agent"), (1012.0, "mosquitto")]
    return matrix


def everything(sensors=2, seconds=20):
    return [(f"sensor{number:05d}", second) for number in range(sensors) for second in range(seconds)]


def test_nothing_is_lost_where_each_count_of_each_sensor_is_there_however_often():
    matrix = a_matrix(everything() + everything())
    matrix.settle(patience_s=0.0)
    assert [one.lost for one in matrix.found.values()] == [0, 0]


@pytest.mark.parametrize(("second", "culprit"), [(6, "agent"), (9, "agent"), (10, "mosquitto"), (19, "mosquitto")])
def test_a_missing_message_is_blamed_on_the_kill_before_it_or_just_after_it(second, culprit):
    matrix = a_matrix([one for one in everything() if one != ("sensor00001", second)])
    matrix.settle(patience_s=0.0)
    assert {name: one.lost for name, one in matrix.found.items()} == {"agent": 0, "mosquitto": 0} | {culprit: 1}


def test_a_message_that_the_broker_never_acknowledged_is_no_loss_but_an_error():
    matrix = a_matrix(everything())
    matrix._sensors.end = lambda: 3
    with pytest.raises(TimeoutError, match="never acknowledged 3 messages"):
        matrix.settle(patience_s=0.0)
