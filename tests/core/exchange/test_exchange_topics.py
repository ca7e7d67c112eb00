"""Each message has its own topic, and no name can leave it."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.exchange import Topics, asset_id, is_home_id
from custom_components.hems.core.exchange.topics import ASSET_ID


@given(st.text())
def test_every_name_becomes_one_level_of_a_topic(name):
    assert ASSET_ID.fullmatch(asset_id(name))


@pytest.mark.parametrize(("name", "topic"), [("Wärme Pumpe", "warme_pumpe"), ("a/+/#", "a"), ("日本", "asset")])
def test_a_name_stays_readable(name, topic):
    assert asset_id(name) == topic


@pytest.mark.parametrize("home", ["", "a/b", "+", "#", "H-1", "a" * 65, "é", "h-1\n"])
def test_a_home_that_is_no_level_of_a_topic_is_refused(home):
    assert not is_home_id(home)
    with pytest.raises(ValueError, match="home: must be"):
        Topics(home)


def test_the_asset_is_found_in_the_topic_of_its_measurements():
    topics = Topics("h-1")
    assert topics.telemetry("battery") == "hems/h-1/telemetry/battery"
    assert topics.asset_of("hems/h-1/telemetry/battery") == "battery"
    for other in ("hems/h-2/telemetry/battery", "hems/h-1/telemetry/a/b", "hems/h-1/plan", "hems/h-1/telemetry/"):
        assert topics.asset_of(other) is None


def test_every_topic_of_a_home_is_its_own():
    topics = Topics("h-1")
    said = [getattr(topics, name) for name in dir(Topics) if isinstance(vars(Topics).get(name), property)]
    assert len(set(said)) == len(said)
    assert all(topic.startswith("hems/h-1") for topic in said)
    assert topics.event_state("dso-1") == "hems/h-1/events/state/dso-1"
