"""From options to a running service and its clean end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
import logging
import os
import signal
import threading

from aiohttp import web

from . import VERSION, listening, logs, worker_process
from .app import make_app
from .health import Health
from .learning import Learning
from .metrics import Metrics
from .options import Options
from .page.recent import LogTail
from .page.routes import make_page
from .planning import Planning
from .worker_process import Worker

LOGGER = logging.getLogger("hems.engine.server")
_SHUTDOWN_S = 3.0


async def serve(options: Options, worker_command: Sequence[str] | None = None) -> None:
    """Listen, answer, and end on SIGTERM, SIGINT or, if asked for, when standard input closes."""
    listener = listening.listen(options)
    bound = listener.getsockname()
    metrics = Metrics(VERSION)
    worker = Worker(worker_command or worker_process.command())
    metrics.watch_worker(lambda: worker.state in {"ready", "busy"}, lambda: worker.restarts)
    learning = Learning(options.data)
    planning = Planning(worker, metrics)
    app = make_app(worker, planning, metrics, options.token, learning)
    runner = web.AppRunner(app, logger=LOGGER, access_log=None, shutdown_timeout=_SHUTDOWN_S, handle_signals=False)
    stop = _stop_event(options)
    worker.start()
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        logs.event(LOGGER, logging.INFO, "listening", address=bound, version=VERSION, pid=os.getpid())
        async with _page(options, Health(worker, planning), planning):
            await stop.wait()
    finally:
        await worker.stop()  # first: whoever still waits is answered by rule
        await runner.cleanup()
        listener.close()
        if options.socket is not None:
            options.socket.unlink(missing_ok=True)
        logs.event(LOGGER, logging.INFO, "stopped")


@asynccontextmanager
async def _page(options: Options, health: Health, planning: Planning) -> AsyncIterator[None]:
    """The page for people, if asked for, as long as the block lasts."""
    if options.page_port is None:
        yield
        return
    tail = LogTail()
    logging.getLogger().addHandler(tail)
    page = make_page(health, planning.recent, tail, options.page_peers)
    runner = web.AppRunner(page, logger=LOGGER, access_log=None, shutdown_timeout=_SHUTDOWN_S, handle_signals=False)
    listener = listening.tcp(options.host, options.page_port)
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        logs.event(LOGGER, logging.INFO, "page", address=listener.getsockname())
        yield
    finally:
        logging.getLogger().removeHandler(tail)
        await runner.cleanup()
        listener.close()


def _stop_event(options: Options) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.exit_on_eof:
        threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
    return stop


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """A thread of its own: it works for a pipe, a terminal and a file alike."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop has ended by itself meanwhile
        loop.call_soon_threadsafe(stop.set)
