"""The app as its image has it, without a docker engine: its own start on its own file set."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
import os
from pathlib import Path
import subprocess
import sys
from threading import Thread
from typing import Any, override

from tests.engine.running import Engine

ROOT = Path(__file__).parents[2]
BEGIN = """
import os, sys
sys.path.append({lib!r})
from pathlib import Path
from start import Places, main
main(os.environ, Places(data=Path({data!r}), supervisor={supervisor!r}, host='127.0.0.1', port=0, page_port=0))
"""


def assembled(target: Path) -> Path:
    """The root file system, by the script that the Dockerfile runs."""
    subprocess.run([ROOT / "addon/assemble.sh", ROOT, target], check=True)
    return target


class Supervisor:
    """Takes announcements, as the real one's discovery does."""

    def __init__(self) -> None:
        self.announced: list[tuple[str, dict[str, Any]]] = []
        self.hangs_up = 0
        """So many times it ends the connection without an answer, as one that starts."""
        self.url = ""


@contextmanager
def a_supervisor() -> Iterator[Supervisor]:
    """One that listens as long as the block lasts."""
    supervisor = Supervisor()
    announced = supervisor.announced

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if supervisor.hangs_up:
                supervisor.hangs_up -= 1
                return
            announced.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        supervisor.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield supervisor
        server.shutdown()


@contextmanager
def started(root: Path, data: Path, supervisor: str = "", **environment: str) -> Iterator[Engine]:
    """The app's start on the file set `root`, with its /data in `data`."""
    data.mkdir(exist_ok=True)
    log = data.parent / "log"
    begin = BEGIN.format(lib=str(root / "usr/local/lib/hems"), data=str(data), supervisor=supervisor)
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "opt/hems"), "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", begin], env=variables | environment, cwd=data, stderr=stderr
        )
    try:
        yield Engine(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)
