"""Start the engine as a Home Assistant app or as a plain container, and tell Home Assistant where it is.

Under the Supervisor the token is made on the first start, kept in /data and passed to Home Assistant by
discovery; anywhere else it comes from HEMS_ENGINE_TOKEN or the file named by HEMS_ENGINE_TOKEN_FILE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
import json
import os
from pathlib import Path
import pwd
import secrets
import sys
import time
from typing import Any
import urllib.request

USER = "hems"
DISCOVERY_TRIES = 30
TOKEN_FILE_WAIT_S = 120
"""In a stack the token is made by another service, on the very first start at the same time."""
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are; tests have others."""

    data: Path = Path("/data")
    supervisor: str = "http://supervisor"
    host: str = "0.0.0.0"  # noqa: S104  # only the network of the apps leads here
    port: int = 8124
    page_port: int = 8099


def main(environment: Mapping[str, str], places: Places) -> None:
    """Drop root, announce the engine, become the engine."""
    supervisor = environment.get("SUPERVISOR_TOKEN")
    token = own_token(places.data) if supervisor else given_token(environment)
    chosen = options(places.data)
    learned = private_directory(places.data / "learned")
    if supervisor and os.fork() == 0:
        announce(places, supervisor, token, environment.get("HOSTNAME", "localhost"))
        os._exit(0)
    kept = {name: text for name, text in environment.items() if name != "SUPERVISOR_TOKEN"}
    command = [sys.executable, "-m", "hems_core.engine", *arguments(chosen, places, with_page=bool(supervisor))]
    # Becomes the engine, no shell; the token is not in the command line, which everybody may read.
    os.execve(sys.executable, [*command, "--data", str(learned)], kept | {"HEMS_ENGINE_TOKEN": token})  # noqa: S606


def arguments(chosen: Mapping[str, Any], places: Places, *, with_page: bool) -> list[str]:
    """What the engine is started with. The page has no password of its own: only the Supervisor's ingress gets it."""
    level = chosen.get("log_level", "info")
    if level not in LEVELS:
        sys.exit(f"hems engine: log_level must be one of {', '.join(LEVELS)}, got {level!r}")
    given = ["--host", places.host, "--port", str(places.port), "--log-level", level]
    return [*given, "--page-port", str(places.page_port)] if with_page else given


def options(data: Path) -> dict[str, Any]:
    """What was chosen in Home Assistant; nothing in a plain container."""
    file = data / "options.json"
    return json.loads(file.read_text()) if file.exists() else {}


def own_token(data: Path) -> str:
    """The token of this app, made on its first start."""
    path = data / "engine-token"
    if not path.exists() or not path.read_text().strip():
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def given_token(environment: Mapping[str, str]) -> str:
    """The token that a plain container is given; waited for if it comes in a file."""
    named = environment.get("HEMS_ENGINE_TOKEN_FILE")
    if named:
        file = Path(named)
        for _ in range(TOKEN_FILE_WAIT_S):
            if file.exists() and file.read_text().strip():
                return file.read_text().strip()
            time.sleep(1)
        sys.exit(f"hems engine: HEMS_ENGINE_TOKEN_FILE: there is no token in {named}")
    token = environment.get("HEMS_ENGINE_TOKEN", "")
    if not token:
        sys.exit("hems engine: set HEMS_ENGINE_TOKEN to a secret of your own, e.g. from `openssl rand -hex 24`")
    return token


def private_directory(path: Path) -> Path:
    """For what is learned: the engine's own. From here on the process is the engine's user, if it was root."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.getuid() == 0 and USER in {entry.pw_name for entry in pwd.getpwall()}:
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    return path


def announce(places: Places, password: str, token: str, host: str) -> None:
    """Supervisor discovery; tried again while Home Assistant starts."""
    config = {"host": host, "port": places.port, "token": token}
    request = urllib.request.Request(  # noqa: S310  # the address is the Supervisor's own
        f"{places.supervisor}/discovery",
        data=json.dumps({"service": "hems", "config": config}).encode(),
        headers={"Authorization": f"Bearer {password}", "Content-Type": "application/json"},
    )
    for _ in range(DISCOVERY_TRIES):
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except OSError, HTTPException:
            time.sleep(10)


if __name__ == "__main__":
    main(os.environ, Places())
