"""A broker that is killed soon after its first start knows its sessions again, so that nothing is taken for nobody."""

from tests.stack.native_stack import patiently
from tests.stack.test_broker import Broker

AGENT = ["-c", "-i", "the-agent", "-q", "1"]


def test_what_comes_after_a_kill_waits_for_the_agent_that_is_not_back_yet(tmp_path, monkeypatch, socket_enabled):
    monkeypatch.setenv("FIRST_SAVE_S", "3")
    broker = Broker(tmp_path)
    topic, log = f"hems/{broker.home}/telemetry/meter", tmp_path / "mosquitto.log"
    with broker.running() as process:
        subscribed = broker.client("mosquitto_sub", topic, *AGENT, "-E", user="agent")
        assert subscribed.returncode == 0, subscribed.stderr
        kept = tmp_path / "data/mosquitto.db"
        patiently(lambda: kept.exists() and kept.stat().st_size > 0, process, log)
        process.kill()
        process.wait()
    with broker.running():
        assert broker.publish(topic, "1.5 kW", user="sensors").returncode == 0
        assert broker.client("mosquitto_sub", topic, *AGENT, "-C", "1", "-W", "10", user="agent").stdout == "1.5 kW\n"
