"""The rights that docker-compose.yml leaves each service are enough for its secrets, and for nobody else's.

The processes here get the users and capabilities of the compose file from setpriv, as a container would.
"""

from collections.abc import Iterator
import os
from pathlib import Path
import re
import shutil
import stat
import subprocess
import sys
import tempfile

from hems_agent.secrets import STACK_OWNERS
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
AGENT_UID = "10001"

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can take the rights of all services"
)


def as_service(name: str, *command: object, capabilities: list[str] | None = None) -> list[str]:
    """The command with the service's user and capabilities; the agent's once it has stopped being root."""
    service = SERVICES[name]
    given = service.get("cap_add", []) if capabilities is None else capabilities
    kept = "".join(f",+{capability.lower()}" for capability in given)
    user = AGENT_UID if name == "agent" else str(service.get("user", "0"))
    uid, _, gid = user.partition(":")
    who = [f"--reuid={uid}", f"--regid={gid or uid}", "--clear-groups"]
    rights = [f"--bounding-set=-all{kept}", "--inh-caps=-all", "--no-new-privs"]
    return ["setpriv", *who, *rights, *(str(part) for part in command)]


def make(directory: Path, *, capabilities: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """What `init` does, with its rights."""
    code = (
        "import sys, pathlib; from hems_agent.secrets import make_secrets; make_secrets(pathlib.Path(sys.argv[1]), {})"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "balena/agent"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = as_service("init", sys.executable, "-c", code, directory, capabilities=capabilities)
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def volume() -> Iterator[Path]:
    """Not below pytest's own directory, which other users cannot enter."""
    directory = Path(tempfile.mkdtemp(prefix="hems-secrets-", dir="/tmp"))
    directory.chmod(0o755)
    made = make(directory)
    assert made.returncode == 0, made.stderr
    yield directory
    shutil.rmtree(directory)


def test_init_gives_each_consumer_its_own_and_changes_nothing_at_the_next_boot(volume):
    for name, owner in STACK_OWNERS.items():
        found = (volume / name).stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner.uid, owner.gid, owner.mode), name
    before = {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()}
    assert make(volume).returncode == 0
    assert {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("missing", SERVICES["init"]["cap_add"])
def test_init_could_not_do_without_any_of_them(missing):
    directory = Path(tempfile.mkdtemp(prefix="hems-secrets-", dir="/tmp"))
    try:
        rights = [capability for capability in SERVICES["init"]["cap_add"] if capability != missing]
        twice = [make(directory, capabilities=rights) for _ in range(2)]
        modes = {
            name: stat.S_IMODE((directory / name).stat().st_mode)
            for name in STACK_OWNERS
            if (directory / name).exists()
        }
        assert any(made.returncode for made in twice) or modes != {n: o.mode for n, o in STACK_OWNERS.items()}
    finally:
        shutil.rmtree(directory)


def readable(service: str, volume: Path) -> set[str]:
    """Whose secrets the service can read."""
    code = (
        "import os, sys\n"
        "for folder, _, names in os.walk(sys.argv[1]):\n"
        "  for name in names:\n"
        "    try: open(os.path.join(folder, name)).close(); print(os.path.relpath(folder, sys.argv[1]))\n"
        "    except OSError: pass\n"
    )
    command = as_service(service, "/usr/bin/env", "python3", "-c", code, volume)
    found = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/")
    return set(found.stdout.split()) - {"."}


@pytest.mark.parametrize("service", ["engine", "mosquitto", "influxdb", "grafana", "nginx", "agent"])
def test_a_service_reads_its_own_secrets_and_no_others(volume, service):
    # The token that InfluxDB makes for Grafana passes through the agent, and is not there yet.
    assert readable(service, volume) == {service}


APART = {mount.split(":")[1] for mount in SERVICES["init"]["volumes"]} - {"/secrets"}
"""Where `init` sees the volumes that are not everybody's."""


@pytest.mark.parametrize("service", ["homeassistant", "config-editor", "wifi-repeater"])
def test_a_service_that_is_root_reads_its_own_secrets_and_no_others(volume, service):
    mounts = {m.split(":")[1] for m in SERVICES[service]["volumes"] if m.startswith("secrets")}
    seen = {
        f"/secrets/{folder}"
        for mount in mounts
        for folder in readable(service, volume)
        if mount == f"/secrets/{folder}" or (mount == "/secrets" and f"/secrets/{folder}" not in APART)
    }
    assert seen == {f"/secrets/{service}"}


@pytest.mark.parametrize("service", ["config-editor", "wifi-repeater"])
def test_a_service_with_a_volume_of_its_own_knows_by_it_that_init_is_done(volume, service):
    own, code = volume / service, ROOT / "balena/wait-for-secrets.sh"
    needed = ["password_hash"] if service == "config-editor" else []
    dockerfile = (ROOT / f"balena/{service}/Dockerfile").read_text()
    assert f"ENV SECRETS=/secrets/{service}\n" in dockerfile
    assert " ".join(["wait-for-secrets.sh", *needed, "--follow"]) in dockerfile
    wait = as_service(service, "/usr/bin/env", f"SECRETS={own}", "WAIT_S=0", "/bin/sh", code, *needed)
    done = subprocess.run(wait, check=True, capture_output=True, text=True, cwd="/")
    assert done.stderr == ""


def test_what_the_agent_adds_for_grafana_can_be_read_by_grafana(volume):
    write = 'umask 027; echo token >"$1/grafana/influx_read_token"'
    subprocess.run(as_service("agent", "/bin/sh", "-c", write, "sh", volume), check=True, cwd="/")
    read = as_service("grafana", "cat", volume / "grafana/influx_read_token")
    assert subprocess.run(read, check=True, capture_output=True, text=True, cwd="/").stdout == "token\n"


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"init"}))
def test_every_service_has_what_waits_for_the_secrets_of_this_boot_and_starts_by_it(service):
    dockerfile = ROOT / SERVICES[service]["build"]["dockerfile"]
    copy = re.compile(r"^COPY .*wait-for-secrets\.sh .*$", re.MULTILINE)
    assert copy.search(dockerfile.read_text())
    starts = [path.read_text() for path in dockerfile.parent.glob("entrypoint.*")]
    starts += [copy.sub("", dockerfile.read_text()), str(SERVICES[service].get("command"))]
    assert any("wait-for-secrets.sh" in start for start in starts)
