"""`scripts/stack`: the stack of one home on this machine, without containers."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import json
import os
from pathlib import Path
import shutil
import signal
import sys
import threading
import time

from .balena import listening
from .home import Mendable, Stack, has_victoria_metrics
from .supervisor import Ended, Supervisor

LOOK_EVERY_S = 0.1
PATIENCE_S = 300.0
DESCRIPTION = """\
Run the stack of one home on this machine, without containers: Mosquitto, nginx, Home Assistant with HEMS in it,
the HEMS Engine and the agent, each started by the stack's own files (balena/), with secrets made as at a first boot.
Whatever ends is started again, as Docker would, and what hangs, when the agent asks for it, as balena's Supervisor
would.

What is not as on a device: InfluxDB 2 is in no Debian, so the home's database is an imitation of it
(scripts/stack_support/influx): set-up, tokens, buckets, writes, replication; kept on disk, but held in memory, and
without tasks, so that there are no quarters of an hour. It is for trying things, not for living with. Where
victoria-metrics is installed it plays the fleet's database, and the imitation replicates everything to it
(--no-fleet: it does not). Grafana, wifi-repeater and config-editor are not started, so the alert of the stack names
Grafana, and the plain http of the copy. Variables of docs/stack-variables.md are obeyed."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/stack",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    cache = Path(os.environ.get("HEMS_CACHE", Path.home() / ".cache/hems"))
    parser.add_argument(
        "--state", type=Path, default=cache / "stack", help="where the home is kept (default %(default)s)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget the home and begin anew")
    parser.add_argument("--port", type=_port, help="of the front door on 127.0.0.1 (default: a free one, kept)")
    parser.add_argument("--no-fleet", action="store_true", help="copy to no fleet's database")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"must be between 1024 and 65535, got {port}")
    return port


def say(text: str) -> None:
    """Progress for people; stdout is for where everything listens."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def claimed(state: Path) -> Iterator[None]:
    """The state directory for this stack alone. Raises Mendable."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state.parent / f"{state.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Mendable(f"a stack runs in {state}; stop it, or name another directory with --state") from None
        yield


def check_programs() -> None:
    """Raises Mendable where one is missing."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
    missing = [name for name in ("mosquitto", "nginx", "openssl") if shutil.which(name) is None]
    if missing:
        raise Mendable(f"{', '.join(missing)} is not installed; scripts/setup --tools does it")


class Run:
    """One boot of the stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        self._supervisor = Supervisor(stack.children(), self._tell, say)
        self._is_ready = False

    def until_stopped(self) -> None:
        """Raises Ended, or Mendable where the stack does not get well in time."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        begun_s = time.monotonic()
        asking = threading.Thread(target=self._await_all, args=(begun_s,), daemon=True)
        children, wishes = self._supervisor.children, self._supervisor.wishes
        try:
            with listening(self._stack.ports["balena"], self._stack.key, children, wishes.append):
                self._supervisor.start()
                asking.start()
                self._look_after(begun_s)
        finally:
            say("Stopping …")
            self._supervisor.stop()
            (self._stack.state / "stack.json").unlink(missing_ok=True)

    def _look_after(self, begun_s: float) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._supervisor.look()
            if not self._is_ready and time.monotonic() - begun_s > PATIENCE_S:
                missing = ", ".join(self._supervisor.missing())
                raise Mendable(f"{missing} did not come up; see {self._stack.state}/logs")

    def _await_all(self, begun_s: float) -> None:
        """In a thread of its own: who does not answer must not delay the restart of another."""
        said: list[str] = []
        while missing := self._supervisor.missing():
            if missing != said:
                say(f"Waiting for {', '.join(missing)} …")
            said = missing
            if self._stop.wait(0.5):
                return
        self._is_ready = True
        self._tell()
        say(f"The stack of home {self._stack.home} runs after {time.monotonic() - begun_s:.1f} s")
        print("\n".join(self._stack.listening()), flush=True)
        say("Ctrl-C stops it and everything that it started.")

    def _tell(self) -> None:
        """Where everything is, for other programs: scripts/bench, tests."""
        told = {
            "ready": self._is_ready,
            "home": self._stack.home,
            "ports": dict(self._stack.ports),
            "services": {
                name: {"pid": child.process.pid if child.process else None, "starts": child.starts}
                for name, child in self._supervisor.children.items()
            },
        }
        partial = self._stack.state / "stack.json.new"
        partial.write_text(json.dumps(told))
        partial.replace(self._stack.state / "stack.json")


def main() -> int:
    """0: ended as asked; 1: something to mend, said on stderr."""
    options = parse(sys.argv[1:])
    state: Path = options.state.absolute()
    try:
        with claimed(state):
            check_programs()
            if options.fresh:
                shutil.rmtree(state)
                state.mkdir(mode=0o700)
            stack = Stack.at(state, port=options.port, has_fleet=has_victoria_metrics() and not options.no_fleet)
            for problem in stack.make_secrets():
                say(problem)
            say(f"Starting home {stack.home} in {state} …")
            Run(stack).until_stopped()
    except (Mendable, Ended) as error:
        say(f"stack: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
