"""The app's own start on the file set of its image, with a Supervisor and without one."""

from http.client import HTTPConnection
import json
from pathlib import Path
import time

import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.model import Horizon, Optimal, Plan, SolverOptions
from tests.builders import START, a_battery, a_heat_pump, a_hot_water, a_pv, a_request, an_ev_charger
from tests.stack.app_files import a_supervisor, assembled, started

PROMISED_MB = 350


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return assembled(tmp_path_factory.mktemp("image"))


def a_home():
    devices = (a_battery(), a_pv(), an_ev_charger(), a_heat_pump(), a_hot_water())
    return wire.encode(a_request(*devices, horizon=Horizon.tiered(START), load_kw=0.5, options=SolverOptions()))


def resident_mb(pid):
    """Of the process and everything that it started."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(status["VmRSS"].split()[0]) / 1024 + sum(resident_mb(int(child)) for child in children)


def test_under_a_supervisor_it_makes_its_token_and_hands_it_over_by_discovery(files, tmp_path, socket_enabled):
    given = {"SUPERVISOR_TOKEN": "of the Supervisor", "HOSTNAME": "a0d7-hems"}
    with a_supervisor() as supervisor, started(files, tmp_path / "data", supervisor.url, **given) as engine:
        engine.wait_for("page")
        for _ in range(1200):
            if supervisor.announced:
                break
            time.sleep(0.05)
        (authorization, announced), *more = supervisor.announced
        assert not more
        assert authorization == "Bearer of the Supervisor"
        assert announced["service"] == "hems"
        assert announced["config"]["host"] == "a0d7-hems"
        token = announced["config"]["token"]
        assert engine.ask("GET", "/v1/health", token=token)[0] == 200
        assert engine.ask("GET", "/v1/health", token="another")[0] == 401
        environment = Path(f"/proc/{engine.process.pid}/environ").read_bytes()
        assert b"of the Supervisor" not in environment
        assert token not in Path(f"/proc/{engine.process.pid}/cmdline").read_text()
        assert token not in (tmp_path / "log").read_text()


def test_it_plans_within_the_memory_it_promises(files, tmp_path, socket_enabled):
    with started(files, tmp_path / "data", HEMS_ENGINE_TOKEN="a-token") as engine:
        for _ in range(3):
            status, body = engine.ask("POST", "/v1/plan", a_home(), token="a-token")
        assert status == 200
        assert isinstance(wire.decode(Plan, body).outcome, Optimal)
        assert 50 < resident_mb(engine.process.pid) < PROMISED_MB


def test_it_learns_into_its_own_directory(files, tmp_path, socket_enabled):
    with started(files, tmp_path / "data", HEMS_ENGINE_TOKEN="a-token") as engine:
        engine.wait_for("listening")
        learned = tmp_path / "data/learned"
        assert learned.stat().st_mode & 0o777 == 0o700


def test_the_page_is_for_the_ingress_alone(files, tmp_path, socket_enabled):
    with (
        a_supervisor() as supervisor,
        started(files, tmp_path / "data", supervisor.url, SUPERVISOR_TOKEN="secret") as engine,
    ):
        connection = HTTPConnection(*engine.wait_for("page")["address"], timeout=20)
        connection.request("GET", "/status.json")
        assert connection.getresponse().status == 403
        connection.close()


def test_without_a_supervisor_there_is_no_page(files, tmp_path, socket_enabled):
    with started(files, tmp_path / "data", HEMS_ENGINE_TOKEN="a-token") as engine:
        engine.ask("POST", "/v1/plan", a_home(), token="a-token")
        assert "page" not in {line["event"] for line in engine.lines()}


def test_a_token_in_a_file_is_waited_for(files, tmp_path, socket_enabled):
    secret = tmp_path / "token"
    with started(files, tmp_path / "data", HEMS_ENGINE_TOKEN_FILE=str(secret)) as engine:
        time.sleep(0.5)
        assert engine.process.poll() is None
        secret.write_text("from-a-file\n")
        assert engine.ask("GET", "/v1/health", token="from-a-file")[0] == 200


def test_a_log_level_that_does_not_exist_is_named(files, tmp_path, socket_enabled):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/options.json").write_text(json.dumps({"log_level": "chatty"}))
    with started(files, tmp_path / "data", HEMS_ENGINE_TOKEN="a-token") as engine:
        assert engine.process.wait(timeout=30) == 1
    said = (tmp_path / "log").read_text()
    assert "log_level must be one of" in said
    assert "chatty" in said


def test_without_a_token_it_says_how_to_make_one(files, tmp_path, socket_enabled):
    with started(files, tmp_path / "data") as engine:
        assert engine.process.wait(timeout=30) == 1
    assert "HEMS_ENGINE_TOKEN" in (tmp_path / "log").read_text()
