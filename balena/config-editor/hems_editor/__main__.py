"""`python -m hems_editor`: edit where CONFIG_EDITOR is on, sleep where it is not."""

import logging
import os
from pathlib import Path
import signal
import sys
import time

from aiohttp import web

from .app import make_app
from .files import Folder
from .login import Login

PORT = 3218
LOGGER = logging.getLogger("hems.editor")


def main() -> int:
    """Until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    switched = os.environ.get("CONFIG_EDITOR", "off")
    if switched != "on":
        LOGGER.info("the editor is off; CONFIG_EDITOR=on switches it on (now: %s)", switched)
        signal.pause()
    secret = Path(os.environ.get("CONFIG_EDITOR_PASSWORD_FILE", "/secrets/config-editor/password_hash"))
    kept = secret.read_text("utf-8").strip() if secret.exists() else ""
    if not kept:
        LOGGER.error("there is no password in %s, so nobody may edit", secret)
        return 1
    folder = Folder(Path(os.environ.get("CONFIG_EDITOR_FOLDER", "/hass-config")))
    host = os.environ.get("CONFIG_EDITOR_HOST", "0.0.0.0")  # noqa: S104  # the network of the stack; nginx is before it
    port = int(os.environ.get("CONFIG_EDITOR_PORT", PORT))
    web.run_app(make_app(folder, Login(kept, time.monotonic)), host=host, port=port, access_log=None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
