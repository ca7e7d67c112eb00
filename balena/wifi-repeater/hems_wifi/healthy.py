"""Exit 0 where the service has had a look lately.

It runs beside the service within one limit of memory, so it loads next to nothing.
"""

import os
from pathlib import Path
import sys
import time

from . import ROUND_S


def is_healthy(now: float) -> bool:
    """`now` in seconds since 1970."""
    place = Path(os.environ.get("WIFI_STATE_FILE", "/state/wifi.json"))
    return place.exists() and now - place.stat().st_mtime < 4 * ROUND_S


if __name__ == "__main__":
    sys.exit(0 if is_healthy(time.time()) else 1)
