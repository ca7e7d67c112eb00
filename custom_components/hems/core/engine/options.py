"""What the engine is told when it starts."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import logging
from pathlib import Path

TOKEN_VARIABLE = "HEMS_ENGINE_TOKEN"  # noqa: S105  # the name of the variable, not the token
DEFAULT_PORT = 8124
INGRESS_PEER = "172.30.32.2"
"""The Supervisor's ingress, which has checked who asks."""
_LEVELS = ("debug", "info", "warning", "error")


class OptionsError(Exception):
    """The engine cannot start as it was asked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to listen and who may ask."""

    socket: Path | None = None
    """Unix socket; its permissions are the access control. None: TCP."""
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0: any free one; the log says which."""
    token: str | None = field(default=None, repr=False)
    """Bearer token; always there on TCP, never on a Unix socket."""
    data: Path | None = None
    """Where what is learned is kept; None: nothing is learned."""
    page_port: int | None = None
    """Where the page for people is served, beside `port`; None: nowhere. It has no password of its own."""
    page_peers: frozenset[str] = frozenset({INGRESS_PEER})
    """The only addresses that may see it."""
    log_level: int = logging.INFO
    exit_on_eof: bool = False
    """Stop when standard input closes: a parent that dies leaves nothing behind."""


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Options from the command line and the environment.

    Raises:
        OptionsError: they contradict each other, or TCP is asked for without a token.
    """
    given = _parser().parse_args(arguments)
    if given.socket is not None:
        if given.host is not None or given.port is not None or given.token_file is not None:
            raise OptionsError("--socket stands alone: it has neither host and port nor a token")
        token = None
    else:
        token = _token(given.token_file, environment)
    return Options(
        socket=given.socket,
        host=given.host or "127.0.0.1",
        port=DEFAULT_PORT if given.port is None else given.port,
        token=token,
        data=given.data,
        page_port=given.page_port,
        page_peers=frozenset(given.page_peer or (INGRESS_PEER,)),
        log_level=logging.getLevelNamesMapping()[given.log_level.upper()],
        exit_on_eof=given.exit_on_eof,
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m hems_core.engine", description="The HEMS Engine: plans over HTTP.")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="listen on a private Unix socket, without a token")
    parser.add_argument("--host", help="listen on this address (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, help=f"listen on this TCP port (default {DEFAULT_PORT}; 0: any)")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=f"the token, if not in {TOKEN_VARIABLE}")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep what is learned here (default: learn nothing)")
    parser.add_argument("--page-port", type=_port, help="serve the page for people on this TCP port (0: any)")
    parser.add_argument(
        "--page-peer",
        action="append",
        metavar="ADDRESS",
        help=f"who may see the page; may be repeated (default {INGRESS_PEER}, the ingress of Home Assistant)",
    )
    parser.add_argument("--log-level", choices=_LEVELS, default="info")
    parser.add_argument("--exit-on-eof", action="store_true", help="stop when standard input is closed")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"must be a number from 0 to 65535, got {text!r}")
    return int(text)


def _token(file: Path | None, environment: Mapping[str, str]) -> str:
    try:
        token = (file.read_text("utf-8") if file is not None else environment.get(TOKEN_VARIABLE, "")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"--token-file cannot be read: {error}") from error
    if not token:
        where = f"{file} is empty" if file is not None else f"set {TOKEN_VARIABLE} or name a --token-file"
        raise OptionsError(f"TCP needs a token: {where}")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise OptionsError("the token must consist of printable ASCII characters without spaces")
    return token
