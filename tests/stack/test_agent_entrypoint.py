"""How the agent's container starts: `init` stays root, everything else gives root away first."""

from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "balena/agent/entrypoint.py"
# In place of the agent: it says what it was asked to do, and as whom.
STUB = "import os, sys; print(sys.argv[1:], os.getuid())"
PROBE = """
import os, pathlib, sys
sys.path.insert(0, sys.argv[1])
import entrypoint
entrypoint.USER = "nobody"
locks = pathlib.Path(sys.argv[2])
entrypoint.drop_root(locks)
print(os.getuid() == locks.stat().st_uid != 0, os.getgroups())
(locks / "updates.lock").touch()
try:
    os.setuid(0)
except PermissionError:
    print("never root again")
"""


def loaded():
    spec = spec_from_file_location("agent_entrypoint", ENTRYPOINT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.getuid() != 0, reason="only root has something to give away")
def test_the_agent_owns_the_directory_of_the_update_lock_and_is_never_root_again(tmp_path):
    locks = Path("/tmp") / f"hems-locks-{os.getpid()}"  # the user nobody cannot reach into pytest's directory
    locks.mkdir(mode=0o755)
    try:
        command = [sys.executable, "-c", PROBE, ENTRYPOINT.parent, locks]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    finally:
        (locks / "updates.lock").unlink(missing_ok=True)
        locks.rmdir()
    assert said.splitlines() == ["True []", "never root again"]


@pytest.mark.parametrize(
    ("arguments", "drops"),
    [(["run"], True), (["diagnostics"], True), (["healthy"], True), (["init"], False)],
)
def test_only_what_writes_the_secrets_of_all_stays_root(monkeypatch, arguments, drops):
    entrypoint = loaded()
    done = []
    monkeypatch.setattr(entrypoint.os, "getuid", lambda: 0)
    monkeypatch.setattr(entrypoint, "drop_root", lambda: done.append("dropped"))
    monkeypatch.setattr(entrypoint, "wait_for_secrets", lambda: done.append("waited"))
    monkeypatch.setattr(entrypoint.os, "execv", lambda path, command: done.append(command[1:]))
    entrypoint.main(arguments)
    module = "hems_agent.guard" if arguments == ["run"] else "hems_agent"
    first = [*(["dropped"] if drops else []), *(["waited"] if arguments == ["run"] else [])]
    assert done == [*first, ["-m", module, *arguments]]


def test_without_root_the_agent_starts_as_it_is(tmp_path):
    (tmp_path / "hems_agent").mkdir()
    (tmp_path / "hems_agent/__init__.py").touch()
    (tmp_path / "hems_agent/__main__.py").write_text(STUB)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, ENTRYPOINT, "init"], check=True, capture_output=True, text=True, env=environment
    )
    assert answer.stdout == f"['init'] {os.getuid()}\n"


def made(secrets, *names):
    for name in names:
        (secrets / name).parent.mkdir(parents=True, exist_ok=True)
        (secrets / name).write_text("x\n")


def test_the_agent_waits_for_init_and_ends_where_it_has_made_nothing(tmp_path, monkeypatch):
    entrypoint = loaded()
    entrypoint.WAIT = ROOT / "balena/wait-for-secrets.sh"
    monkeypatch.setenv("SECRETS", str(tmp_path))
    monkeypatch.setenv("WAIT_S", "0")
    with pytest.raises(SystemExit) as ended:
        entrypoint.wait_for_secrets()
    assert ended.value.code == 1
    made(tmp_path, ".rotated", *entrypoint.NEEDED)
    entrypoint.wait_for_secrets()
