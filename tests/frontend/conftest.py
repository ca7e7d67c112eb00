"""A running demo, and a Chromium that looks at it."""

import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright
import pytest

ROOT = Path(__file__).parents[2]
DEMO_READY = "HEMS runs at "
DEMO_PATIENCE_S = 300
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


@pytest.fixture
def configure_event_loop():
    """In place of the harness's own: the loop of these tests is the browser's."""


@pytest.fixture
def enable_event_loop_debug():
    """As above."""


@pytest.fixture
def verify_cleanup():
    """As above: there is no Home Assistant in this process that could leave anything behind."""


def chromium_path():
    """Where Chromium is; without one the tests fail on a build machine and are skipped on a desk."""
    names = (os.environ.get("HEMS_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium: install the package chromium, or name one in HEMS_CHROMIUM"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return found


@pytest.fixture(scope="session")
def chromium():
    return chromium_path()


FREE_PORT = "import socket; probe = socket.socket(); probe.bind(('127.0.0.1', 0)); print(probe.getsockname()[1])"


def free_port():
    """Asked of a process of its own: the test harness lets no socket be opened in this one."""
    return int(subprocess.run([sys.executable, "-c", FREE_PORT], check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def demo(chromium, tmp_path_factory):
    """The address of a demo that has its first plan; ended like Ctrl-C would."""
    directory = tmp_path_factory.mktemp("demo")
    said = directory / "said"
    port = free_port()
    with said.open("w") as stderr:
        process = subprocess.Popen(
            [ROOT / "scripts/demo", "--headless", "--port", str(port), "--state", directory / "state", "--fresh"],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        deadline = time.monotonic() + DEMO_PATIENCE_S
        while DEMO_READY not in said.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the demo did not come up:\n{said.read_text()[-4000:]}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


@pytest.fixture(scope="module")  # it keeps an event loop running, which the tests of other modules need for themselves
def browser(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()
