"""Start the demo, wait for its first plan, and end it cleanly."""

import argparse
import asyncio
from collections.abc import Iterator
import contextlib
import fcntl
import json
import os
from pathlib import Path
import shutil
import signal
import socket
import sys
import time
import webbrowser

import aiohttp

from .home import DASHBOARD, ensure_home, first_plan, seconds_since, set_speed
from .seed import TOKEN_FILE
from .server import Api, DemoError, Server, wait_until

START_TIMEOUT_S = 240.0
PLAN_TIMEOUT_S = 120.0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Run a whole optimised home on this machine.", allow_abbrev=False
    )
    cache = Path(os.environ.get("HEMS_CACHE", Path.home() / ".cache/hems"))
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--until-plan", action="store_true", help="end with the first plan and print one JSON line about it"
    )
    parser.add_argument("--port", type=_port, default=8123, help="on 127.0.0.1 (default 8123)")
    parser.add_argument("--speed", type=_speed, default=60.0, help="simulated seconds per second (default 60)")
    parser.add_argument(
        "--state", type=Path, default=cache / "demo", help="where the home is kept (default %(default)s)"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--keep", action="store_true", help="go on with the home of the last start (the default)")
    which.add_argument("--fresh", action="store_true", help="forget it and begin anew")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"must be between 1024 and 65535, got {port}")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.1 <= speed <= 3600.0:
        raise argparse.ArgumentTypeError(f"must be between 0.1 and 3600 simulated seconds per second, got {text}")
    return speed


def say(text: str) -> None:
    """Progress for people; stdout is for the JSON line."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """The state directory for this demo alone."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory.parent / f"{directory.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"a demo is running in {directory}; stop it, or name another directory with --state"
            ) from None
        yield


def check_port(port: int) -> None:
    """Say so at once where another program has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(f"port {port} on 127.0.0.1 is taken; choose another with --port") from None


async def seed(options: argparse.Namespace) -> None:
    """Write the storage in a process of its own: Home Assistant's classes want an event loop for themselves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo_support.seed", str(options.state), str(options.port)
    )
    if await process.wait() != 0:
        raise DemoError("the storage of the demo could not be written; try --fresh")


async def present(options: argparse.Namespace, started: float) -> None:
    """With Home Assistant starting: wait for it, set HEMS up, show it."""
    url = f"http://127.0.0.1:{options.port}"
    token = (options.state / TOKEN_FILE).read_text()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_connect=5)) as session:
        api = Api(session, url, token)
        if not await wait_until(api.is_running, START_TIMEOUT_S):
            raise DemoError(f"Home Assistant did not start within {START_TIMEOUT_S:g} s; see {options.state}/demo.log")
        say(f"Home Assistant runs after {seconds_since(started)} s")
        await ensure_home(api, options.speed)
        try:
            plan = await asyncio.wait_for(first_plan(api), PLAN_TIMEOUT_S)
        except TimeoutError:
            raise DemoError(f"no plan within {PLAN_TIMEOUT_S:g} s; see {options.state}/demo.log") from None
    seconds = seconds_since(started)
    if options.until_plan:
        print(json.dumps({"seconds": seconds, **plan}), flush=True)
        return
    say(f"First plan after {seconds} s: {plan['status']}, {plan['cost']:.2f} {plan['currency']} for the next two days")
    say(f"\n  HEMS runs at {url}/{DASHBOARD}\n  Ctrl-C stops it and everything that it started.\n")
    if not options.headless:
        webbrowser.open(f"{url}/{DASHBOARD}")
    await asyncio.Event().wait()


async def run(options: argparse.Namespace) -> int:
    """Everything from an empty directory to a stopped demo."""
    started = time.monotonic()
    check_port(options.port)
    await seed(options)
    set_speed(options.state, options.speed)
    server = Server(options.state)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)
    say("Starting Home Assistant …")
    tasks = [asyncio.create_task(part) for part in (server.run(), present(options, started), stop.wait())]
    running, presenting, _ = tasks
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if presenting.done():
            presenting.result()
        elif running.done():
            raise DemoError(f"Home Assistant ended with code {running.result()}:\n{server.last_lines()}")
    finally:
        for task in tasks:
            task.cancel()
        say("Stopping …")
        await server.stop()
    return 0


def main() -> int:
    """Exit code 0: ended as asked; 1: something to mend, said on stderr."""
    options = parse(sys.argv[1:])
    options.state = options.state.absolute()
    try:
        with claimed(options.state):
            if options.fresh:
                shutil.rmtree(options.state)
                options.state.mkdir(mode=0o700)
            return asyncio.run(run(options))
    except DemoError as error:
        say(f"demo: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
