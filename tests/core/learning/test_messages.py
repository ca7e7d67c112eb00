"""Whatever is asked about the load: an answer, or what is wrong about the question."""

from datetime import timedelta
import json

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.learning import forecast_load
from custom_components.hems.core.model.load_learning import (
    Absence,
    ControlledLoad,
    LearnedLoad,
    LoadForecast,
    LoadForecastRequest,
)
from tests.core.learning.homes import MONDAY, a_history
from tests.core.messages import plain_json

DAY = timedelta(days=1)
WHOLE = LoadForecastRequest(
    home="home",
    hours=6,
    history=a_history(
        3,
        outdoor_c=(5.0, None, 4.0) * 24,
        away=(Absence(start=MONDAY, end=MONDAY + DAY),),
        holidays=(MONDAY.date(),),
        controlled=(ControlledLoad(name="ev", power_kw=(0.0, 0.1, None, 0.0) * 18),),
    ),
)
PLAIN = json.loads(wire.encode(WHOLE))
ODD = st.one_of(
    plain_json(),
    st.sampled_from([0, -1, 1e6, 1e300, 2**63, "2026-03-02T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]),
    st.sampled_from([900, 3600, "UTC", "../..", "Europe", "", [None] * 72, [1.0] * 72, [-5.0] * 72, [1e4] * 72]),
)


def test_messages_survive_the_wire():
    assert wire.decode(LoadForecastRequest, wire.encode(WHOLE)) == WHOLE
    forecast = forecast_load(WHOLE, None)
    assert wire.decode(LoadForecast, wire.encode(forecast)) == forecast
    learned = LearnedLoad(home="home", until=MONDAY, rows=3, cpu_s=0.1, made_with="scikit-learn 1.9")
    assert wire.decode(LearnedLoad, wire.encode(learned)) == learned


@settings(max_examples=300, deadline=None)
@given(inner=st.booleans(), data=st.data())
def test_one_odd_value_gives_a_forecast_or_a_refusal_that_names_a_field(inner, data):
    owner = PLAIN["history"] if inner else PLAIN
    changed = owner | {data.draw(st.sampled_from(sorted(owner))): data.draw(ODD)}
    try:
        request = wire.decode(LoadForecastRequest, json.dumps(PLAIN | {"history": changed} if inner else changed))
    except wire.WireError as error:
        named = [wrong.field for wrong in error.errors]
    else:
        named = None
        wire.decode(LoadForecast, wire.encode(forecast_load(request, None)))
    assert named is None or all(named)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"start": MONDAY.replace(tzinfo=None)}, "naive"),
        ({"start": MONDAY + timedelta(minutes=7)}, "full step"),
        ({"time_zone": "Europe"}, "IANA name"),
        ({"load_kw": ()}, "1 to 40000 values"),
        ({"load_kw": (1e5,) * 72}, "load_kw must be between"),
        ({"outdoor_c": (400.0,) * 72}, "outdoor_c must be between"),
        ({"outdoor_c": (4.0,) * 200}, "at most 72 more"),
        ({"controlled": (ControlledLoad(name="ev", power_kw=(1.0,)),)}, "controlled ev must have 72 values"),
        ({"load_kw": (1.0, *(None,) * 71)}, "at least one day, got 1 h"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_a_history_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        a_history(3, **changed)


def test_an_absence_ends_after_it_begins():
    with pytest.raises(ValueError, match="end must be after start"):
        Absence(start=MONDAY, end=MONDAY)
