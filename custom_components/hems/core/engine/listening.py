"""The places where the engine listens, and who may reach them."""

import os
from pathlib import Path
import socket
import stat

from .options import Options, OptionsError

_PRIVATE = 0o700


def listen(options: Options) -> socket.socket:
    """A bound socket.

    Raises:
        OptionsError: the address is taken, not ours, or not private.
    """
    try:
        return tcp(options.host, options.port) if options.socket is None else _unix(options.socket)
    except (OSError, UnicodeError) as error:
        raise OptionsError(f"cannot listen on {address(options)}: {error}") from error


def address(options: Options) -> str:
    """Where, in words."""
    return f"{options.host} port {options.port}" if options.socket is None else str(options.socket)


def tcp(host: str, port: int) -> socket.socket:
    """A socket bound to that address; port 0 is any free one."""
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
    except OSError:
        listener.close()
        raise
    return listener


def _unix(path: Path) -> socket.socket:
    """A socket of mode 0600 in a directory of mode 0700: whoever may open it is the owner."""
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    if stat.S_IMODE(path.parent.stat().st_mode) & ~_PRIVATE:
        raise OptionsError(f"the directory of the socket must be private (chmod 700 {path.parent})")
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # from the first moment, not only after a chmod
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _remove_stale(path: Path) -> None:
    """Remove what an engine that was killed left behind; never the socket of one that runs."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OptionsError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise OptionsError(f"another engine listens on {path}")
    path.unlink()
