"""A home whose fleet has a public key: two real brokers over TLS, the agent between; nothing leaves in plain."""

import os
import re
import subprocess
import sys

import pytest

from tests.stack.native_stack import ROOT
from tests.stack.sealed_fleet import OPERATOR_PASSWORD, TIMED_OUT, Home, a_key, until

pytestmark = pytest.mark.timeout(180)
PLAIN_WORDS = (b"anna", b"power_kw", b"11.04", b"3.21", b"nobody home", b"refused", b"dso-1", b"online")


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    with home.fleet.running():
        yield home


def read(home: Home, *files) -> tuple[list[bytes], list[bytes]]:
    """What the operator reads of all that came, and what is refused."""
    keys = [word for file in files for word in ("--key", str(file))]
    command = [sys.executable, "-P", "-m", "hems_agent", "open", *keys]
    lines = [line for line in home.fleet.heard() if line.startswith(b"hems/")]
    environment = {"PYTHONPATH": str(ROOT / "balena/agent")}
    answer = subprocess.run(
        command, check=False, input=b"\n".join(lines), capture_output=True, env=environment, timeout=60
    )
    return answer.stdout.splitlines(), answer.stderr.splitlines()


def told(home: Home, marker: str, *files) -> set[str]:
    """Topics, below the home's, of what the operator reads with this marker."""
    mine = [line for line in read(home, *files)[0] if marker.encode() in line]
    return {line.split()[0].decode().removeprefix(f"hems/{home.home}/") for line in mine}


ALL = {"telemetry/car_of_anna", "plan", "status", "events/state/dso-1", "events/state"}


def test_the_fleet_sees_no_plain_value_and_the_operator_with_the_key_reads_them_all(home, tmp_path):
    file, public = a_key(tmp_path)
    with home.running(FLEET_PUBLIC_KEY=public):
        home.live("first")
        until(lambda: told(home, "first", file) == ALL, "the operator does not read all of it")
        kept = home.fleet.retained()
    everything = b"\n".join(home.fleet.heard())
    assert [word for word in PLAIN_WORDS if word in everything] == []
    assert {topic.split("/")[2] for topic in kept} == {"sealed"}
    assert sorted(topic.split("/")[3] for topic in kept) == ["events", "plan", "status"], "as retained as it was"
    assert home.home.encode() not in b"".join(read(home, file)[1])


def test_what_the_fleet_asks_for_comes_in_plain(home, tmp_path):
    request = '{"schema":1,"id":"dso-2","kind":"import_limit","limit_kw":4.2,"duration_s":900}'
    _, public = a_key(tmp_path)
    with home.running(FLEET_PUBLIC_KEY=public):
        home.fleet.ask("events/request", request)
        assert home.hears("events/request") == request.encode()


def test_the_wrong_key_a_changed_byte_and_a_moved_topic_are_refused(home, tmp_path):
    file, public = a_key(tmp_path)
    with home.running(FLEET_PUBLIC_KEY=public):
        home.live("genuine")
        until(lambda: told(home, "genuine", file) == ALL, "the operator does not read all of it")
    other, _ = a_key(tmp_path)
    opened, refused = read(home, other)
    assert opened == []
    assert all(b"is sealed for the key" in line for line in refused)
    assert len(refused) >= len(ALL)
    heard = home.fleet.heard()
    plan = next(line for line in heard if b"/sealed/plan " in line)
    place, _, payload = plan.partition(b" ")
    forged = [
        plan.replace(payload[-40:-30], bytes(reversed(payload[-40:-30]))),
        place.replace(b"plan", b"status") + b" " + payload,
        place.replace(home.home.encode(), b"h-ffffffffffffffff") + b" " + payload,
    ]
    (home.fleet.directory / "heard").write_bytes(b"\n".join(forged) + b"\n")
    opened, refused = read(home, file)
    assert opened == []
    assert [b"was changed" in line for line in refused] == [True, True, True]


def test_what_is_retained_is_cleared_and_sealed_anew_for_a_new_key(home, tmp_path):
    old, old_public = a_key(tmp_path)
    with home.running(FLEET_PUBLIC_KEY=old_public):
        home.live("kept")
        until(lambda: told(home, "kept", old) == ALL, "the operator does not read all of it")
    new, new_public = a_key(tmp_path)
    (home.fleet.directory / "heard").write_bytes(b"")
    with home.running(FLEET_PUBLIC_KEY=new_public):
        retained = {"plan", "status", "events/state/dso-1"}
        until(lambda: told(home, "kept", new) == retained, "what is retained is not sealed anew")
        home.say("events/state/dso-1", "", "-r")
        until(lambda: len(home.fleet.retained()) == 2, "the event is not cleared")


def test_what_comes_while_the_agent_is_away_is_sealed_when_it_is_back(home, tmp_path):
    file, public = a_key(tmp_path)
    with home.running(FLEET_PUBLIC_KEY=public):
        home.live("before")
        until(lambda: told(home, "before", file) == ALL, "the operator does not read all of it")
        with home.agent_away():
            home.live("meanwhile")
        missed = ALL - {"telemetry/car_of_anna"}
        until(lambda: told(home, "meanwhile", file) == missed, "live values are not kept, everything else is")
        home.live("after")
        until(lambda: told(home, "after", file) == ALL, "the agent does not go on")


def test_a_message_too_large_to_be_sealed_stays_in_the_home_and_the_others_go_on(home, tmp_path):
    file, public = a_key(tmp_path)
    (tmp_path / "large").write_text("x" * 200_000)
    with home.running(FLEET_PUBLIC_KEY=public):
        home.say_file("telemetry/large", tmp_path / "large")
        home.live("small")
        until(lambda: told(home, "small", file) == ALL, "the others do not arrive")
    assert b"xxxx" not in b"".join(home.fleet.heard())
    assert "telemetry/large stays in the home" in home.log("agent")


def test_sealing_can_be_switched_on_and_off_and_no_queue_of_the_other_time_is_sent(tmp_path):
    file, public = a_key(tmp_path)
    home = Home(tmp_path)
    with home.fleet.running(), home.running():
        home.live("plain")
        until(lambda: home.fleet_heard("plain") == ALL, "the bridge does not carry plain messages")
    with home.running():  # the fleet is away: the bridge keeps them for it
        home.live("queued")
    (home.fleet.directory / "heard").write_bytes(b"")
    with home.running(FLEET_PUBLIC_KEY=public):
        home.live("sealed")
        with home.fleet.running():
            until(lambda: {"plan", "events/state"} <= told(home, "sealed", file), "nothing sealed arrives")
            home.live("sealed live")
            until(lambda: told(home, "sealed live", file) == ALL, "the sealed bridge does not go on")
    everything = b"".join(line for line in home.fleet.heard() if b"/sealed/" not in line)
    assert b"queued" not in everything
    assert b"sealed" not in everything
    with home.fleet.running(), home.running():
        home.live("open again")
        until(lambda: home.fleet_heard("open again") == ALL, "the bridge does not carry plain messages again")
    assert home.fleet_heard("queued") == set(), "the queue from before is gone"
    assert "events/state" not in home.fleet_heard("sealed"), "nothing was queued in plain meanwhile"


@pytest.mark.parametrize("fault", ["typing error", "private key"])
def test_with_a_bad_key_nothing_is_sent_and_the_alert_says_what_to_do(home, tmp_path, fault):
    file, public = a_key(tmp_path)
    bad = file.read_text() if fault == "private key" else public[:-1] + ("A" if public[-1] != "A" else "B")
    with home.running(FLEET_PUBLIC_KEY=bad):
        until(lambda: "FLEET_PUBLIC_KEY" in home.alerts(), "no alert")
        told_to_people = home.alerts()
        home.live("secret")
        assert home.hears("plan", retained=True), "the home itself goes on"
        assert not home.bridge_is_up()
    assert fault in told_to_people
    assert "`scripts/fleet-key new`" in told_to_people
    assert [line for line in home.fleet.heard() if line.startswith(b"hems/")] == []
    assert bad not in home.log("agent") + home.log("mosquitto") + told_to_people


def test_a_bridge_from_before_the_key_is_not_used(home, tmp_path):
    _, public = a_key(tmp_path)
    with home.running():
        home.live("plain")
        until(lambda: home.fleet_heard("plain") == ALL, "the bridge does not carry plain messages")
        assert home.bridge_is_up()
    with home.running(boots_init=False, FLEET_PUBLIC_KEY=public):
        home.live("secret")
        assert not home.bridge_is_up()
    assert home.fleet_heard("secret") == set()
    assert "has not made one for this FLEET_PUBLIC_KEY" in home.log("mosquitto")


def test_what_the_guide_says_to_type_reads_the_homes_and_removes_what_is_kept_in_plain(home, tmp_path):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/fleet.md").read_text("utf-8"), re.DOTALL)
    reads = next(block for block in blocks if "fleet-key open" in block)
    removes = next(block for block in blocks if "--remove-retained" in block)

    def typed(script: str, wait_s: int) -> str:
        there = f"mosquitto_sub -h 127.0.0.1 -p {home.fleet.port} --cafile {home.fleet.ca} -W {wait_s}"
        here = script.replace("mosquitto_sub -h mqtt.example.org -p 8883 --tls-use-os-certs", there)
        here = here.replace("fleet.key", str(tmp_path / "fleet.key"))
        assert "example.org" not in here
        environment = {**os.environ, "password": OPERATOR_PASSWORD}
        answer = subprocess.run(["bash", "-c", here], check=False, cwd=ROOT, env=environment, capture_output=True)
        assert answer.returncode in {0, TIMED_OUT}, answer.stderr
        return answer.stdout.decode()

    made = subprocess.run([ROOT / "scripts/fleet-key", "new", tmp_path / "fleet.key"], check=True, capture_output=True)
    with home.running():
        home.live("plain")
        until(lambda: home.fleet_heard("plain") == ALL, "the bridge does not carry plain messages")
    with home.running(FLEET_PUBLIC_KEY=made.stdout.decode()):
        home.live("sealed")
        until(lambda: told(home, "sealed", tmp_path / "fleet.key") == ALL, "the operator does not read all of it")
        assert f'hems/{home.home}/plan {{"cost":3.21,"marker":"sealed"}}\n' in typed(reads, 3)
        assert "plain" in str(home.fleet.retained())
        typed(removes, 3)
        assert len(home.fleet.retained()) == 3
        assert "plain" not in str(home.fleet.retained())


def test_a_broker_with_the_stricter_access_list_takes_what_is_sealed_and_refuses_what_is_not(tmp_path):
    file, public = a_key(tmp_path)
    home = Home(tmp_path)
    home.fleet.be_strict()
    with home.fleet.running():
        with home.running():
            home.live("plain")
            until(home.bridge_is_up, "no bridge")
        with home.running(FLEET_PUBLIC_KEY=public):
            home.fleet.ask("events/request", "less, please")
            assert home.hears("events/request") == b"less, please"
            home.live("sealed")
            until(lambda: told(home, "sealed", file) == ALL, "the operator does not read all of it")
    assert home.fleet_heard("plain") == set()
