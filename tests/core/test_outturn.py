"""What each hour was expected to be, beside what it became."""

from datetime import timedelta
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.accounting import AssetSample, Outturns, Sample, total_of
from custom_components.hems.core.model import AssetPlan, CostSplit, Horizon, Optimal, Plan
from tests.builders import START, hours

KINDS = {"battery": "battery", "pv": "pv"}


def a_plan(made_at_h: float = 0.0, import_kw: float = 2.0, battery_kw: float = 1.0, **changes: object) -> Plan:
    """Two days in quarter-hours, each like the other; valid for 15 minutes."""
    horizon = Horizon.even(hours(made_at_h), timedelta(minutes=15), 192)
    n = horizon.steps
    fields = {
        "made_at": hours(made_at_h),
        "expires_at": hours(made_at_h + 0.25),
        "horizon": horizon,
        "outcome": Optimal(),
        "assets": (AssetPlan(asset="battery", kind="battery", power_kw=(battery_kw,) * n, trajectories={}),),
        "load_kw": (import_kw - battery_kw,) * n,
        "unserved_kw": (0.0,) * n,
        "import_kw": (max(0.0, import_kw),) * n,
        "export_kw": (max(0.0, -import_kw),) * n,
        "import_price_per_kwh": (0.3,) * n,
        "export_price_per_kwh": (0.1,) * n,
        "currency": "EUR",
        "cost": CostSplit(),
    }
    return Plan(**fields | changes)


def a_sample(
    end_h: float, dt_h: float, load_kw: float = 1.0, battery_kw: float | None = 1.0, price: float | None = 0.3
) -> Sample:
    return Sample(
        end=hours(end_h),
        dt_s=dt_h * 3600.0,
        assets={"battery": AssetSample(power_kw=battery_kw)},
        load_kw=load_kw,
        import_price_per_kwh=price,
        export_price_per_kwh=0.1,
    )


def lived(*samples: tuple[Sample, Plan | None]) -> Outturns:
    outturns = Outturns()
    for sample, plan in samples:
        outturns.record(sample, plan)
    return outturns


def test_an_hour_is_told_when_it_is_over() -> None:
    outturns = lived((a_sample(1.0, 1.0, load_kw=2.0), a_plan()))
    assert outturns.past == ()

    outturns.record(a_sample(1.1, 0.1), a_plan(1.0))

    (hour,) = outturns.past
    assert (hour.start, hour.end, hour.counted_h) == (START, hours(1), pytest.approx(1.0))
    assert (hour.expected.import_kwh, hour.realised.import_kwh) == (pytest.approx(2.0), pytest.approx(3.0))
    assert (hour.expected.cost, hour.realised.cost) == (pytest.approx(0.6), pytest.approx(0.9))
    assert (hour.expected.load_kwh, hour.realised.load_kwh) == (pytest.approx(1.0), pytest.approx(2.0))
    assert hour.expected.asset_kwh == hour.realised.asset_kwh == {"battery": pytest.approx(1.0)}


def test_an_hour_is_held_against_the_plan_that_held_when_it_began() -> None:
    later = a_plan(0.5, import_kw=9.0)
    outturns = lived((a_sample(0.5, 0.5), a_plan()), (a_sample(1.0, 0.5), later), (a_sample(1.1, 0.1), later))
    assert outturns.past[0].expected.import_kwh == pytest.approx(2.0)


def test_what_was_not_measured_is_in_neither_side() -> None:
    """The second quarter is missing."""
    outturns = lived((a_sample(0.25, 0.25), a_plan()), (a_sample(1.0, 0.5), a_plan()), (a_sample(1.1, 0.1), None))
    (hour,) = outturns.past
    assert hour.counted_h == pytest.approx(0.75)
    assert hour.expected.import_kwh == pytest.approx(1.5)
    assert hour.realised.import_kwh == pytest.approx(1.5)


def test_energy_without_a_price_is_in_neither_side() -> None:
    outturns = lived(
        (a_sample(0.5, 0.5, price=None), a_plan()), (a_sample(1.0, 0.5), a_plan()), (a_sample(1.1, 0.1), None)
    )
    assert (outturns.past[0].counted_h, outturns.past[0].realised.import_kwh) == (0.5, pytest.approx(1.0))


def test_what_is_sold_earns() -> None:
    plan = a_plan(import_kw=-1.0, battery_kw=-2.0)
    outturns = lived((a_sample(1.0, 1.0, load_kw=0.5, battery_kw=-2.0), plan), (a_sample(1.1, 0.1), None))
    (hour,) = outturns.past
    assert (hour.expected.cost, hour.realised.cost) == (pytest.approx(-0.1), pytest.approx(-0.15))
    assert (hour.realised.import_kwh, hour.realised.export_kwh) == (0.0, pytest.approx(1.5))


@pytest.mark.parametrize(
    ("description", "plan"),
    [
        ("there is no plan", None),
        ("the plan has expired", a_plan(-2.0)),
        ("the plan is made later", a_plan(1.5)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_told_of_an_hour_without_a_plan(description: str, plan: Plan | None) -> None:
    assert lived((a_sample(1.0, 1.0), plan), (a_sample(1.1, 0.1), None)).past == (), description


def test_an_asset_that_was_not_measured_throughout_is_left_out() -> None:
    outturns = lived((a_sample(0.5, 0.5, battery_kw=None), a_plan()), (a_sample(1.1, 0.6), a_plan()))
    (hour,) = outturns.past
    assert hour.expected.asset_kwh == hour.realised.asset_kwh == {}


def test_only_the_last_day_is_kept_and_summed() -> None:
    outturns = lived(*((a_sample(hour + 1.0, 1.0), a_plan(float(hour))) for hour in range(30)))
    assert [hour.start for hour in outturns.past] == [hours(hour) for hour in range(5, 29)]
    total = total_of(outturns.past)
    assert total is not None
    assert (total.start, total.end, total.counted_h) == (hours(5), hours(29), pytest.approx(24.0))
    assert total.realised.import_kwh == pytest.approx(48.0)
    assert total_of(()) is None


def test_a_restart_forgets_nothing_but_the_running_hour() -> None:
    outturns = lived((a_sample(1.5, 1.5), a_plan()), (a_sample(2.1, 0.6), a_plan(1.0, expires_at=hours(2.2))))
    restored = Outturns.restore(json.loads(json.dumps(outturns.state())))
    assert restored.past == outturns.past
    assert len(restored.past) == 2


@pytest.mark.parametrize("state", [None, {}, [1], [{"start": "2026-03-02T00:00:00", "end": "2026-03-02T01:00:00"}]])
def test_what_is_no_state_is_refused(state: object) -> None:
    with pytest.raises(ValueError, match="accounting: "):
        Outturns.restore(state)


@given(st.lists(st.floats(0.01, 1.5), min_size=1, max_size=30))
def test_a_home_that_does_as_planned_has_the_outturn_that_was_expected(
    lengths: list[float],
) -> None:
    """However the samples fall, both sides are of the same time."""
    outturns, end_h = Outturns(), 0.0
    for dt_h in lengths:
        end_h += dt_h
        outturns.record(a_sample(end_h, dt_h, load_kw=1.0, battery_kw=1.0), a_plan(max(0.0, end_h - dt_h)))
    for hour in outturns.past:
        assert hour.counted_h <= 1.0 + 1e-6
        assert hour.realised.cost == pytest.approx(hour.expected.cost, abs=1e-4)
        assert hour.realised.asset_kwh["battery"] == pytest.approx(hour.expected.asset_kwh["battery"], abs=1e-4)
