"""A running demo, and a Chromium that looks at it."""

import os
import shutil

from playwright.sync_api import sync_playwright
import pytest

from tests.demo_process import running_demo

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


@pytest.fixture(scope="module")
def demo(chromium, tmp_path_factory):
    """The address of a demo that has its first plan."""
    with running_demo(tmp_path_factory.mktemp("demo")) as url:
        yield url


@pytest.fixture(scope="module")  # it keeps an event loop running, which the tests of other modules need for themselves
def browser(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()
