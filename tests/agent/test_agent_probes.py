"""How the agent sees a service that is well, sick, starting or hung."""

from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
import socket
import threading

from hems_agent import probes
from hems_agent.probes import Probes
from hems_agent.settings import Settings
import pytest


@pytest.fixture
def seen(tmp_path, socket_enabled):
    """A function that looks at a service behind a port."""
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent/engine_token").write_text("token")

    def look(port, service="homeassistant"):
        names = ("homeassistant_url", "influx_url", "engine_url", "grafana_url", "nginx_url")
        urls = dict.fromkeys(names, "http://127.0.0.1:9") | {f"{service}_url": f"http://127.0.0.1:{port}"}
        probing = Probes(Settings(secrets=tmp_path, **urls), lambda: "")
        try:
            return probing.look()[service]
        finally:
            probing.close()

    return look


@pytest.fixture
def listener(monkeypatch, socket_enabled):
    """Takes connections into its queue, and none out of it: so does a process that hangs."""
    monkeypatch.setattr(probes, "TIMEOUT_S", 0.5)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        yield listening.getsockname()[1]


@pytest.fixture
def answering(socket_enabled):
    """A function that serves an answer with a status; its port."""

    class Handler(BaseHTTPRequestHandler):
        status, body = 200, b""

        def do_GET(self):
            self.send_response(self.status)
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def answer(status, body=b""):
        Handler.status, Handler.body = status, body
        return server.server_address[1]

    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "is_well"), [(200, True), (401, True), (500, False), (502, False)])
def test_whoever_answers_is_not_silent(seen, answering, status, is_well):
    one = seen(answering(status))
    assert (one.is_well, one.is_silent) == (is_well, False)


def test_a_refused_connection_is_no_silence_but_a_start_or_an_end(seen, listener):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        one = seen(free.getsockname()[1])
    assert (one.is_well, one.is_silent) == (False, False)


def test_who_takes_a_connection_and_says_nothing_is_silent(seen, listener):
    one = seen(listener)
    assert (one.is_well, one.is_silent) == (False, True)


def test_who_hangs_is_silent_also_when_its_queue_of_connections_is_full(seen, listener):
    with ExitStack() as waiting:
        for _ in range(10):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", listener))
        one = seen(listener)
    assert (one.is_well, one.is_silent, one.said) == (False, True, "ConnectTimeoutError")


@pytest.mark.parametrize(
    ("body", "is_well", "said"),
    [
        (b'{"status":"ok"}', True, ""),
        (b'{"status":"starting"}', True, "the engine is starting"),
        (b'{"status":"degraded"}', False, "the engine is degraded"),
        (b"<html>", False, "answers no health"),
        (b"[]", False, "answers no health"),
        (b"\xff", False, "answers no health"),
    ],
)
def test_an_engine_tells_how_it_is_and_nonsense_is_an_illness_of_its_own(seen, answering, body, is_well, said):
    one = seen(answering(200, body), "engine")
    assert (one.is_well, one.said, one.is_silent) == (is_well, said, False)
