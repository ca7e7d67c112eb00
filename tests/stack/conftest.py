"""Sockets of this machine are open to the tests of the stack: what they start is real."""

from pathlib import Path
import sys

import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts"))


@pytest.fixture(autouse=True)
def sockets(request):
    """The harness for Home Assistant, where it is installed, closes them all."""
    if request.config.pluginmanager.hasplugin("homeassistant"):
        import pytest_socket

        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
