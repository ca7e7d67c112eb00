"""Start the engine as a Home Assistant app or as a plain container, and tell Home Assistant where it is.

Under the Supervisor the token is made on the first start, kept in /data and passed to Home Assistant by
discovery; anywhere else it comes from HEMS_ENGINE_TOKEN.
"""

import json
import os
from pathlib import Path
import pwd
import secrets
import sys
import time
import urllib.error
import urllib.request

PORT = 8124
DATA = Path("/data")
DISCOVERY_TRIES = 30


def main() -> None:
    """Announce the engine, drop root, become the engine."""
    supervisor = os.environ.pop("SUPERVISOR_TOKEN", None)
    options_file = DATA / "options.json"
    options = json.loads(options_file.read_text()) if options_file.exists() else {}
    if supervisor:
        token = _own_token()
        if os.fork() == 0:
            _announce(supervisor, token)
            os._exit(0)
        os.environ["HEMS_ENGINE_TOKEN"] = token
    if not os.environ.get("HEMS_ENGINE_TOKEN"):
        sys.exit("hems engine: set HEMS_ENGINE_TOKEN to a secret of your own, e.g. from `openssl rand -hex 24`")
    user = pwd.getpwnam("hems")
    learned = DATA / "learned"
    learned.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(learned, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    level = options.get("log_level", "info")
    module = ["-m", "hems_core.engine", "--host", "0.0.0.0", "--port", str(PORT), "--log-level", level]  # noqa: S104
    module += ["--data", str(learned)]
    os.execv(sys.executable, [sys.executable, *module])  # noqa: S606  # becomes the engine, no shell


def _own_token() -> str:
    path = DATA / "engine-token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def _announce(supervisor: str, token: str) -> None:
    """Supervisor discovery; tried again while Home Assistant starts."""
    config = {"host": os.environ.get("HOSTNAME", "localhost"), "port": PORT, "token": token}
    request = urllib.request.Request(
        "http://supervisor/discovery",
        data=json.dumps({"service": "hems", "config": config}).encode(),
        headers={"Authorization": f"Bearer {supervisor}", "Content-Type": "application/json"},
    )
    for _ in range(DISCOVERY_TRIES):
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310  # a fixed http address
                return
        except urllib.error.URLError:
            time.sleep(10)


if __name__ == "__main__":
    main()
