"""`python -m stack_support.influx PORT DIRECTORY`: until SIGTERM; what was answered outlives a SIGKILL."""

import logging
from pathlib import Path
import signal
import sys
import threading

from .server import FakeInflux

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with FakeInflux(port=int(sys.argv[1]), directory=Path(sys.argv[2])) as influx:
        print(influx.url, flush=True)
        stop.wait()
