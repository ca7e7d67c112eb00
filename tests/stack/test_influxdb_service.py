"""The service influxdb: waits for its secrets, then is InfluxDB and nothing else. The real one runs in CI."""

import os
from pathlib import Path
import re
import subprocess

from tests.stack.native_stack import ROOT, the_secrets

SERVICE = ROOT / "balena/influxdb"


def started(directory: Path, secrets: Path) -> subprocess.CompletedProcess[str]:
    """The entrypoint, with a stand-in for influxd that says with which rights it makes files."""
    tools = directory / "bin"
    tools.mkdir()
    (tools / "influxd").write_text("#!/bin/sh\necho started with $# arguments, umask $(umask)\n")
    (tools / "influxd").chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "SECRETS": str(secrets), "WAIT_S": "0"}
    command = ["/bin/sh", SERVICE / "entrypoint.sh"]
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
