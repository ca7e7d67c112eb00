"""The service influxdb: waits for its secrets, then is InfluxDB and nothing else. The real one runs in CI."""

from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
import os
from pathlib import Path
import re
import ssl
import subprocess
from threading import Event, Thread

from hems_agent import certificates
from hems_agent.secrets import make_secrets
import pytest

from tests.stack.native_stack import ROOT, free_ports, needs, the_secrets

SERVICE = ROOT / "balena/influxdb"


NOW = datetime.now(UTC)


def entrypoint(directory: Path, secrets: Path, influxd: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment, with a stand-in for influxd."""
    tools = directory / "bin"
    tools.mkdir(parents=True)
    (tools / "influxd").write_text(f"#!/bin/sh\n{influxd}\n")
    (tools / "influxd").chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "SECRETS": str(secrets), "WAIT_S": "0"}
    return ["/bin/sh", str(SERVICE / "entrypoint.sh")], environment


def started(
    directory: Path, secrets: Path, influxd: str = "echo started with $# arguments, umask $(umask)"
) -> subprocess.CompletedProcess[str]:
    """The entrypoint, with a stand-in that says how it was started."""
    command, environment = entrypoint(directory, secrets, influxd)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


def test_it_starts_once_its_secrets_are_there(tmp_path):
    answer = started(tmp_path, the_secrets(tmp_path / "secrets"))
    assert (answer.returncode, answer.stdout) == (0, "started with 0 arguments, umask 0077\n")


def test_it_names_the_secret_that_is_missing(tmp_path):
    secrets = the_secrets(tmp_path / "secrets")
    (secrets / "influxdb/operator_token").unlink()
    answer = started(tmp_path, secrets)
    assert answer.returncode == 1
    assert "influxdb/operator_token is missing" in answer.stderr


def test_it_is_pinned_sends_nothing_home_and_keeps_its_memory_within_the_limit():
    text = (SERVICE / "Dockerfile").read_text()
    assert re.search(r"^FROM influxdb:2\.\d+\.\d+-alpine", text, re.MULTILINE)
    assert "INFLUXD_REPORTING_DISABLED=true" in text
    assert "USER 1000:1000" in text
    megabytes = int(re.search(r"GOMEMLIMIT=(\d+)MiB", text)[1])
    query, queries = (
        int(re.search(rf"INFLUXD_QUERY_{name}=(\d+)", text)[1]) for name in ("MEMORY_BYTES", "CONCURRENCY")
    )
    cache = int(re.search(r"CACHE_MAX_MEMORY_SIZE=(\d+)", text)[1])
    assert cache + query * queries < megabytes * 1024 * 1024
    assert not re.search(r"(?i)(password|token)\s*=", text)


# A fleet with a CA of its own


def a_ca() -> tuple[str, str]:
    key = certificates.new_key()
    return key, certificates.new_ca(key, "A fleet's own", NOW)


@contextmanager
def a_server(directory: Path, key: str, ca: str):
    """Of that CA; its address, and an event that is set by a request that got through."""
    asked = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    own = certificates.new_key()
    (directory / "key").write_text(own)
    (directory / "crt").write_text(certificates.new_certificate(own, ca, key, ("IP:127.0.0.1",), NOW))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "crt", directory / "key")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("variable", "trusted"), [("its CA", True), ("another CA", False), ("", False)])
def test_what_is_written_in_go_as_influxd_is_trusts_the_fleets_ca_and_then_no_other(tmp_path, variable, trusted):
    """A real program in Go in InfluxDB's place, which asks a server of that CA."""
    needs("victoria-metrics")
    key, ca = a_ca()
    given = {"its CA": ca, "another CA": a_ca()[1], "": ""}[variable]
    make_secrets(tmp_path / "secrets", {"FLEET_INFLUX_CA": given}, owners=None)
    with a_server(tmp_path, key, ca) as (address, asked):
        job = {"job_name": "fleet", "scheme": "https", "static_configs": [{"targets": [address]}]}
        (tmp_path / "scrape.yaml").write_text(json.dumps({"scrape_configs": [{**job, "scrape_interval": "1s"}]}))
        (port,) = free_ports(1)
        options = f"-promscrape.config={tmp_path}/scrape.yaml -storageDataPath={tmp_path}/data"
        options += f" -httpListenAddr=127.0.0.1:{port}"
        command, environment = entrypoint(
            tmp_path / "service", tmp_path / "secrets", f"exec victoria-metrics {options}"
        )
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert asked.wait(30.0 if trusted else 4.0) == trusted
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=30)
    assert ("certificate signed by unknown authority" in said) != trusted


def test_without_a_ca_of_its_own_the_public_ones_are_left_alone(tmp_path):
    secrets, said = the_secrets(tmp_path / "secrets"), "echo ${SSL_CERT_FILE-none} ${SSL_CERT_DIR-none}"
    assert started(tmp_path, secrets, said).stdout == "none none\n"
