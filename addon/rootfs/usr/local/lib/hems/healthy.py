"""Exit 0 when the engine answers."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen("http://127.0.0.1:8124/v1/health", timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except urllib.error.HTTPError as error:
    # Without the token the engine refuses, and by that shows that it lives.
    sys.exit(0 if error.code == 401 else 1)
except OSError:
    sys.exit(1)
