"""The editor of Home Assistant's files: behind a password, in one folder, and never half a file."""

from contextlib import asynccontextmanager
import os
from pathlib import Path
import subprocess
import sys

from aiohttp.test_utils import TestClient, TestServer
from hems_agent.broker_files import hashed
from hems_editor.app import ASKED_BY_SCRIPT, BASE, make_app
from hems_editor.files import Folder, Refused
from hems_editor.login import SESSION_S, TRIES, TRIES_WINDOW_S, Login, matches
import pytest

PASSWORD = "correct horse battery staple"
HASH = hashed(PASSWORD, iterations=1000)
OURS = {ASKED_BY_SCRIPT: "1"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "hass-config"
    (root / ".storage").mkdir(parents=True)
    (root / "packages").mkdir()
    (root / ".storage/auth.yaml").write_text("token: secret")
    (root / "configuration.yaml").write_text("homeassistant:\n  name: !secret name\n")
    (root / "packages/heating.yaml").write_text("input_boolean:\n")
    (root / "home-assistant_v2.db").write_bytes(b"\x00")
    (tmp_path / "outside.yaml").write_text("not: yours")
    (root / "way-out.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "to-tokens.yaml").symlink_to(root / ".storage/auth.yaml")
    return root


@asynccontextmanager
async def browsing(folder, clock=None, password=PASSWORD):
    async with TestClient(TestServer(make_app(Folder(folder), Login(HASH, clock or Clock())))) as client:
        if password is not None:
            answer = await client.post(f"{BASE}/login", json={"password": password}, headers=OURS)
            assert answer.status == 200
        yield client


async def save(client, name, text, version, **headers):
    body = {"name": name, "text": text, "version": version}
    return await client.put(f"{BASE}/file", json=body, headers=headers or OURS)


async def opened(client, name):
    answer = await client.get(f"{BASE}/file", params={"name": name})
    return answer.status, await answer.json()


async def test_a_file_is_opened_changed_and_saved_and_the_one_before_is_kept(folder, socket_enabled):
    async with browsing(folder) as client:
        _, text = await opened(client, "configuration.yaml")
        answer = await save(client, "configuration.yaml", "homeassistant:\n  name: New\n", text["version"])
        assert answer.status == 200
    assert (folder / "configuration.yaml").read_text() == "homeassistant:\n  name: New\n"
    assert "!secret name" in (folder / ".configuration.yaml.bak").read_text()


async def test_only_text_of_the_folder_is_offered(folder, socket_enabled):
    async with browsing(folder) as client:
        names = await (await client.get(f"{BASE}/files")).json()
    assert names == ["configuration.yaml", "packages/heating.yaml"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.yaml",
        "packages/../../outside.yaml",
        "way-out.yaml",
        "to-tokens.yaml",
        ".storage/auth.yaml",
        "packages/../.storage/auth.yaml",
        "/etc/hosts.conf",
        "home-assistant_v2.db",
        "",
        "a\0.yaml",
    ],
)
async def test_nothing_else_is_read_or_written(folder, name, socket_enabled):
    async with browsing(folder) as client:
        assert (await opened(client, name))[0] == 422
        assert (await save(client, name, "owned: true", "")).status == 422
    assert (folder.parent / "outside.yaml").read_text() == "not: yours"
    assert (folder / ".storage/auth.yaml").read_text() == "token: secret"


async def test_yaml_that_cannot_be_read_is_not_saved_and_the_line_is_named(folder, socket_enabled):
    async with browsing(folder) as client:
        _, text = await opened(client, "packages/heating.yaml")
        answer = await save(client, "packages/heating.yaml", "a:\n  - b\n c: [", text["version"])
        assert answer.status == 422
        assert "line" in (await answer.json())["error"]
    assert (folder / "packages/heating.yaml").read_text() == "input_boolean:\n"


async def test_what_somebody_else_saved_meanwhile_is_not_overwritten(folder, socket_enabled):
    async with browsing(folder) as client:
        _, text = await opened(client, "configuration.yaml")
        (folder / "configuration.yaml").write_text("changed: true\n")
        answer = await save(client, "configuration.yaml", "mine: true\n", text["version"])
        assert answer.status == 422
        assert "somebody else" in (await answer.json())["error"]
    assert (folder / "configuration.yaml").read_text() == "changed: true\n"


@pytest.mark.parametrize(
    ("method", "where"), [("GET", "files"), ("GET", "file?name=configuration.yaml"), ("PUT", "file")]
)
async def test_nobody_edits_without_logging_in(folder, method, where, socket_enabled):
    async with browsing(folder, password=None) as client:
        assert (await client.request(method, f"{BASE}/{where}", headers=OURS)).status == 401


async def test_another_site_cannot_save_in_the_name_of_who_is_logged_in(folder, socket_enabled):
    async with browsing(folder) as client:
        _, text = await opened(client, "configuration.yaml")
        assert (await save(client, "configuration.yaml", "x: 1", text["version"], Origin="http://evil")).status == 403
        cookie = next(iter(client.session.cookie_jar))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


async def test_who_guesses_has_to_wait_even_with_the_right_password(folder, socket_enabled):
    clock = Clock()
    async with browsing(folder, clock, password=None) as client:

        async def enter(password):
            return (await client.post(f"{BASE}/login", json={"password": password}, headers=OURS)).status

        assert [await enter(f"guess {number}") for number in range(TRIES)] == [401] * (TRIES - 1) + [429]
        assert await enter(PASSWORD) == 429
        clock.now += TRIES_WINDOW_S
        assert await enter(PASSWORD) == 200


async def test_a_session_ends_by_itself_and_by_leaving(folder, socket_enabled):
    clock = Clock()
    async with browsing(folder, clock) as client:
        clock.now += SESSION_S - 1
        assert (await client.get(f"{BASE}/files")).status == 200
        clock.now += SESSION_S
        assert (await client.get(f"{BASE}/files")).status == 401
    async with browsing(folder) as client:
        await client.post(f"{BASE}/logout", json={}, headers=OURS)
        assert (await client.get(f"{BASE}/files")).status == 401


def test_the_password_file_of_the_stack_opens_it():
    assert matches(PASSWORD, HASH)
    assert not matches("another", HASH)
    assert not matches("", "")


@pytest.mark.parametrize("kept", ["", "plain", "$6$1000$AA==$AA==", "$7$x$AA==$AA==", "$7$1000$%%%$AA=="])
def test_a_spoilt_password_file_opens_nothing(kept):
    assert not matches("plain", kept)


def test_a_file_that_is_too_large_or_not_text_says_so(folder):
    (folder / "large.txt").write_text("x" * 600_000)
    (folder / "picture.txt").write_bytes(b"\xff\xfe\x00")
    for name, said in (("large.txt", "kB"), ("picture.txt", "UTF-8"), ("absent.yaml", "does not exist")):
        with pytest.raises(Refused, match=said):
            Folder(folder).read(name)
    with pytest.raises(Refused, match="folder"):
        Folder(folder).save("nowhere/new.yaml", "a: 1", "")
    Folder(folder).save("packages/new.yaml", "a: 1", "")
    assert (folder / "packages/new.yaml").read_text() == "a: 1"


def test_off_it_listens_nowhere_and_is_healthy():
    source = Path(__file__).parents[2] / "balena/config-editor"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(source), "CONFIG_EDITOR_PORT": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "hems_editor"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert "is off" in process.stderr.readline()
    health = subprocess.run([sys.executable, "-m", "hems_editor.healthy"], env=environment, check=False)
    on = subprocess.run(
        [sys.executable, "-m", "hems_editor.healthy"], env=environment | {"CONFIG_EDITOR": "on"}, check=False
    )
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert (health.returncode, on.returncode) == (0, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("value: {{ states('x') }}\n", "template needs quotes"),
        ("? [a, b]\n: c\n", "unhashable key"),
        ("a: *b\n", "undefined alias"),
        ("a: &x 1\nb: &x 2\n", "duplicate anchor"),
        ("a: [1\n", "not valid YAML"),
        ("a: 1\n b: 2\n", "not valid YAML"),
        ("a: b: c\n", "not valid YAML"),
        ("a: !secret [\n", "not valid YAML"),
    ],
)
def test_what_home_assistant_could_not_read_is_not_saved(tmp_path, text, said):
    with pytest.raises(Refused, match=said):
        Folder(tmp_path).save("a.yaml", text, "")
    assert not (tmp_path / "a.yaml").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "a: !secret b\nc: !include d.yaml\n!tag e: {f: [1, {g: h}], i: j}\n",
        "a: &x {b: 1}\nc: *x\nd: {<<: *x}\ne: &y f\n? *y\n: g\n",
        "a: &x 1\n---\na: &x 2\nb: *x\n",
        "- 2026-11-21\n- 1:99\n- {a: [], b: {}}\n",
        'a: "{{ b }}"\n',
    ],
)
def test_what_home_assistant_reads_is_saved(tmp_path, text):
    Folder(tmp_path).save("a.yaml", text, "")
    assert (tmp_path / "a.yaml").read_text() == text
