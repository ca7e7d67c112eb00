"""What the sink sends over HTTP, and how it reads the answers."""

from contextlib import contextmanager
import gzip
from http.server import BaseHTTPRequestHandler, HTTPServer
import threading
from urllib.parse import parse_qs, urlsplit

from hems_agent.writer import InfluxSink
import pytest


@pytest.fixture(autouse=True)
def sockets(socket_enabled):
    pass


@contextmanager
def a_store(status=204, body=b"", **headers):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), content))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_sink(url, token=lambda: "t0ken"):
    return InfluxSink(url, org="my org", bucket="hems", token=token, timeout_s=20.0)


def test_lines_are_sent_compressed_with_the_token_and_the_precision_of_their_times():
    with a_store() as (url, asked):
        assert a_sink(f"{url}/").write(b"m x=1.0 1\n").status == 204
    ((path, headers, content),) = asked
    assert urlsplit(path).path == "/api/v2/write"
    assert parse_qs(urlsplit(path).query) == {"org": ["my org"], "bucket": ["hems"], "precision": ["ms"]}
    assert (headers["Authorization"], headers["Content-Encoding"]) == ("Token t0ken", "gzip")
    assert gzip.decompress(content) == b"m x=1.0 1\n"


def test_a_new_token_is_used_at_once():
    tokens = iter(("old", "new"))
    with a_store() as (url, asked):
        sink = a_sink(url, lambda: next(tokens))
        for _ in range(2):
            sink.write(b"m x=1.0 1\n")
    assert [headers["Authorization"] for _, headers, _ in asked] == ["Token old", "Token new"]


@pytest.mark.parametrize(("told", "seconds"), [("17", 17.0), ("Fri, 31 Dec 2027 23:59:59 GMT", None), ("-1", None)])
def test_what_the_store_says_is_handed_on(told, seconds):
    with a_store(429, b'{"message":"slow down"}', Retry_After=told) as (url, _):
        reply = a_sink(url).write(b"m x=1.0 1\n")
    assert (reply.status, reply.message, reply.retry_after_s) == (429, '{"message":"slow down"}', seconds)


def test_a_redirect_is_not_followed():
    with a_store(302, Location="http://127.0.0.1:1/") as (url, asked):
        assert a_sink(url).write(b"m x=1.0 1\n").status == 302
    assert len(asked) == 1


def test_nobody_there_is_an_answer_too():
    with a_store() as (url, _):
        pass
    assert a_sink(url).write(b"m x=1.0 1\n").status == 0


def test_a_token_that_is_not_there_yet_sends_nothing():
    def missing():
        raise FileNotFoundError(2, "No such file or directory")

    with a_store() as (url, asked):
        reply = a_sink(url, missing).write(b"m x=1.0 1\n")
    assert (reply.status, asked) == (0, [])
    assert "token" in reply.message
