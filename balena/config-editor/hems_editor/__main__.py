"""`python -m hems_editor`: edit where CONFIG_EDITOR is on, sleep where it is not."""

import logging
import os
from pathlib import Path
import signal
import sys
import time

from . import PORT

LOGGER = logging.getLogger("hems.editor")


def main() -> int:
    """Until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    switched = os.environ.get("CONFIG_EDITOR", "off")
    if switched != "on":
        LOGGER.info("the editor is off; CONFIG_EDITOR=on switches it on (now: %s)", switched)
        signal.pause()
    return _edit()


def _edit() -> int:
    """Nothing of this is loaded while the editor is off: it would be most of the memory of a sleeping service."""
    from aiohttp import web  # noqa: PLC0415

    from .app import make_app  # noqa: PLC0415
    from .files import Folder  # noqa: PLC0415
    from .login import Login  # noqa: PLC0415

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
