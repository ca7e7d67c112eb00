"""Exit 0 where the editor answers, or is meant to be off."""

import os
import sys
import urllib.request

from .__main__ import PORT


def is_healthy() -> bool:
    """As of now."""
    if os.environ.get("CONFIG_EDITOR", "off") != "on":
        return True
    port = int(os.environ.get("CONFIG_EDITOR_PORT", PORT))
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=4) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy() else 1)
