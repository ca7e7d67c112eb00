"""A real nginx with the stack's own configuration before backends that tell what reached them."""

import asyncio
from contextlib import asynccontextmanager
import os
import subprocess
import sys

import aiohttp
from aiohttp import CookieJar, web
import pytest

from tests.stack.native_stack import LOOPBACK, ROOT, free_ports, native, needs, ports_of, running, the_secrets

MIB = 1 << 20


class Door:
    """nginx, three backends behind it, and a client before it."""

    def __init__(self, directory, **variables: str) -> None:
        needs("nginx")
        self.directory = directory
        self.variables = variables
        self.http, self.https, *backends = free_ports(5)
        self.backends = dict(zip(("homeassistant", "grafana", "config-editor"), backends, strict=True))
        self.secrets = the_secrets(directory / "secrets")
        self.url, self.tls_url = f"http://127.0.0.1:{self.http}", f"https://127.0.0.1:{self.https}"

    def service(self) -> native.Service:
        upstreams = {name: f"127.0.0.1:{port}" for name, port in self.backends.items()}
        service = native.nginx(
            self.directory, self.secrets, http_port=self.http, https_port=self.https, upstreams=upstreams
        )
        return native.Service(
            name=service.name, command=service.command, environment={**service.environment, **self.variables}
        )

    @asynccontextmanager
    async def open(self, *, backends: bool = True):
        """A session, with nginx and, unless they are to be down, the backends running."""
        runners = [await self._backend(name, port) for name, port in self.backends.items() if backends]
        try:
            with running(self.service(), self.directory, self.http, self.https) as self.process:
                async with aiohttp.ClientSession() as session:
                    yield session
        finally:
            for runner in runners:
                await runner.cleanup()

    async def _backend(self, name: str, port: int) -> web.AppRunner:
        async def answer(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Upgrade") == "websocket":
                socket = web.WebSocketResponse()
                await socket.prepare(request)
                async for message in socket:
                    await socket.send_str(f"{name} heard {message.data}")
                return socket
            size = len(await request.read())
            told = {"backend": name, "path": request.raw_path, "headers": request.headers.items(), "size": size}
            told["headers"] = [[key, value] for key, value in told["headers"]]
            return web.json_response(
                told, headers={"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Server": "secret/1"}
            )

        application = web.Application(client_max_size=64 * MIB)
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner


@pytest.fixture
def door(tmp_path, socket_enabled):
    return Door(tmp_path)


def header(told: dict, name: str) -> list[str]:
    return [value for key, value in told["headers"] if key.lower() == name.lower()]


@pytest.mark.parametrize("variables", [{}, {"CONFIG_EDITOR": "on"}, {"TRUSTED_FRONT": "192.168.1.2/32, fd00::1/128"}])
def test_nginx_finds_no_fault_with_any_variant_of_its_configuration(tmp_path, variables):
    service = Door(tmp_path, **variables).service()
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    tried = subprocess.run(
        [*service.command, "--test"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, **service.environment},
    )
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr


async def test_only_the_two_doors_are_open(door):
    async with door.open():
        assert ports_of(door.process) == {(LOOPBACK, door.http), (LOOPBACK, door.https)}


@pytest.mark.parametrize(
    ("path", "backend"),
    [
        ("/", "homeassistant"),
        ("/lovelace/0?edit=1", "homeassistant"),
        ("/api/websocket", "homeassistant"),
        ("/auth/authorize", "homeassistant"),
        ("/grafana/d/energy?var-home=h-1", "grafana"),
        ("/grafana/login", "grafana"),
    ],
)
async def test_a_path_reaches_its_service_unchanged(door, path, backend):
    async with door.open() as session, session.get(door.url + path) as answer:
        told = await answer.json()
        assert (told["backend"], told["path"]) == (backend, path)


@pytest.mark.parametrize("path", ["/influxdb", "/influxdb/", "/influxdb/api/v2/setup"])
async def test_the_database_has_no_door(door, path):
    async with door.open() as session, session.get(door.url + path) as answer:
        assert answer.status == 404


async def test_grafanas_path_without_its_slash_leads_there(door):
    async with door.open() as session, session.get(door.url + "/grafana", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/grafana/")


async def test_health_is_told_even_while_everything_behind_is_down(door):
    async with door.open(backends=False) as session:
        async with session.get(door.url + "/health") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.get(door.url + "/") as answer:
            assert answer.status == 502


@pytest.mark.parametrize("path", ["/api/websocket", "/grafana/api/live/ws"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_websocket_goes_through(door, scheme, path):
    url = (door.url if scheme == "http" else door.tls_url) + path
    async with door.open() as session, session.ws_connect(url, ssl=False) as socket:
        await socket.send_str("hello")
        assert (await socket.receive_str(timeout=10)).endswith("heard hello")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_a_client_claims_about_itself_is_overwritten(door, scheme):
    claims = {
        "X-Forwarded-For": "127.0.0.1, 192.168.1.1",
        "X-Forwarded-Proto": "https, http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "192.168.1.1",
        "Forwarded": "for=192.168.1.1;proto=https",
        "Host": "hems.local:8080",
    }
    url = door.url if scheme == "http" else door.tls_url
    async with door.open() as session, session.get(url, headers=claims, ssl=False) as answer:
        told = await answer.json()
    assert header(told, "X-Forwarded-For") == ["127.0.0.1"]
    assert header(told, "X-Real-IP") == ["127.0.0.1"]
    assert header(told, "X-Forwarded-Proto") == [scheme]
    assert header(told, "X-Forwarded-Host") == header(told, "Host") == ["hems.local:8080"]
    assert header(told, "Forwarded") == []


@pytest.mark.parametrize(
    ("front", "client", "scheme"), [("127.0.0.1/32", "203.0.113.9", "https"), ("192.0.2.1/32", "127.0.0.1", "http")]
)
async def test_only_a_front_that_the_operator_named_is_believed(tmp_path, socket_enabled, front, client, scheme):
    door = Door(tmp_path, TRUSTED_FRONT=front)
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    async with door.open() as session, session.get(door.url, headers=claims) as answer:
        told = await answer.json()
    assert (header(told, "X-Forwarded-For"), header(told, "X-Forwarded-Proto")) == ([client], [scheme])


async def test_a_front_that_is_no_address_stops_the_proxy_and_is_named(tmp_path):
    door = Door(tmp_path, TRUSTED_FRONT="1.2.3.4; } evil")
    log = tmp_path / "log"
    assert door.service().start(log).wait(timeout=20) == 1
    assert "TRUSTED_FRONT must be addresses" in log.read_text()


async def test_a_backup_of_many_megabytes_passes_to_home_assistant_only(door):
    body = b"x" * (20 * MIB)
    async with door.open() as session:
        async with session.post(door.url + "/api/backup/upload", data=body) as answer:
            assert (await answer.json())["size"] == len(body)
        async with session.post(door.url + "/grafana/api/ds/query", data=body) as answer:
            assert answer.status == 413


@pytest.mark.parametrize("path", ["/auth/login_flow", "/grafana/login", "/grafana/login/", "//grafana//%6cogin/"])
async def test_a_guesser_of_passwords_is_slowed_down_and_a_reader_is_not(door, path):
    async def statuses(method: str, count: int) -> list[int]:
        found = []
        for _ in range(count):
            async with session.request(method, door.url + path) as answer:
                found.append(answer.status)
        return found

    async with door.open() as session:
        assert set(await statuses("GET", 40)) == {200}
        guesses = await statuses("POST", 40)
        assert guesses[0] == 200
        assert guesses.count(429) >= 15
        assert guesses[-1] == 429
        # The rest of the home goes on.
        async with session.post(door.url + "/api/services/light/turn_on") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/", "/health", "/influxdb", "/grafana/"])
async def test_every_answer_carries_the_security_headers_once(door, path):
    async with door.open() as session, session.get(door.url + path) as answer:
        assert answer.headers.getall("X-Frame-Options") == ["SAMEORIGIN"]
        assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers.getall("Referrer-Policy") == ["same-origin"]
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] == "nginx"
        assert "Strict-Transport-Security" not in answer.headers


async def test_the_editor_of_files_has_no_door_unless_it_is_on(door):
    async with door.open() as session, session.get(door.url + "/config-editor/") as answer:
        assert (await answer.json())["backend"] == "homeassistant"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.168.1.20", 200),
        ("hems.local", 200),
        ("homeassistant", 200),
        ("1a2b3c.balena-devices.com", 403),
        ("rebound.evil.example", 403),
    ],
)
async def test_the_editor_of_files_is_for_this_network_alone(tmp_path, socket_enabled, host, status):
    door = Door(tmp_path, CONFIG_EDITOR="on")
    async with (
        door.open() as session,
        session.get(door.url + "/config-editor/api/files", headers={"Host": host}) as answer,
    ):
        assert answer.status == status
        if status == 200:
            assert (await answer.json())["backend"] == "config-editor"


async def test_the_editor_of_files_is_closed_to_an_address_from_outside(tmp_path, socket_enabled):
    door = Door(tmp_path, CONFIG_EDITOR="on", TRUSTED_FRONT="127.0.0.1/32")
    headers = {"X-Forwarded-For": "203.0.113.9", "Host": "hems.local"}
    async with door.open() as session, session.get(door.url + "/config-editor/", headers=headers) as answer:
        assert answer.status == 403


async def test_no_token_of_a_query_reaches_the_log(door):
    async with door.open(backends=False) as session:
        async with session.get(door.url + "/api/camera?authSig=verysecret&token=verysecret") as answer:
            assert answer.status == 502
        for _ in range(25):
            async with session.post(door.url + "/auth/token?code=verysecret"):
                pass
    said = (door.directory / "nginx.log").read_text()
    assert '/api/camera" 502' in said
    assert " 429 " in said
    assert "verysecret" not in said


@pytest.mark.parametrize(
    ("version", "taken"), [("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)]
)
async def test_old_tls_is_not_spoken_and_the_homes_ca_vouches_for_the_door(door, version, taken):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{door.https}", version, "-verify_return_error"]
    command += ["-CAfile", str(door.secrets / "ca.crt"), "-verify_hostname", "hems.local"]
    command += [] if version == "-tls1_3" else ["-cipher", "ALL:@SECLEVEL=0"]
    async with door.open():
        probe = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        said, _ = await probe.communicate()
    assert (b"Verify return code: 0 (ok)" in said and b"Cipher is (NONE)" not in said) is taken


def test_the_container_listens_where_docker_compose_publishes():
    configuration = (ROOT / "balena/nginx/entrypoint.sh").read_text()
    assert "HTTP_PORT:-8080" in configuration
    assert "HTTPS_PORT:-8443" in configuration


async def test_the_real_editor_is_used_through_its_door_with_the_password_that_the_home_made(tmp_path, socket_enabled):
    door = Door(tmp_path, CONFIG_EDITOR="on")
    config = tmp_path / "config"
    config.mkdir()
    (config / "configuration.yaml").write_text("automation: []\n")
    editor = native.Service(
        name="config-editor",
        command=(sys.executable, "-m", "hems_editor"),
        environment={
            "PYTHONPATH": str(ROOT / "balena/config-editor"),
            "CONFIG_EDITOR": "on",
            "CONFIG_EDITOR_HOST": "127.0.0.1",
            "CONFIG_EDITOR_PORT": str(door.backends["config-editor"]),
            "CONFIG_EDITOR_FOLDER": str(config),
            "CONFIG_EDITOR_PASSWORD_FILE": str(door.secrets / "config-editor/password_hash"),
        },
    )
    base, password = f"{door.url}/config-editor", (door.secrets / "people/config_editor_password").read_text()
    by_script = {"X-Hems-Editor": "1"}
    with running(editor, tmp_path, door.backends["config-editor"]):
        async with door.open(backends=False) as session, aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)) as me:
            assert (await me.get(f"{base}/")).status == 200
            assert (await me.get(f"{base}/files")).status == 401
            assert (await me.post(f"{base}/login", json={"password": "admin"}, headers=by_script)).status == 401
            assert (await me.post(f"{base}/login", json={"password": password}, headers=by_script)).status == 200
            assert "configuration.yaml" in await (await me.get(f"{base}/files")).text()
            assert (await session.get(f"{base}/files")).status == 401
    assert password not in (tmp_path / "config-editor.log").read_text()
