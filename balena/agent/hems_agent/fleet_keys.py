"""What the operator does with the fleet's keys, far from any home: make a pair, open what homes have sealed."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
import os
from pathlib import Path
import sys

from .sealing import PRIVATE, NotOpened, PrivateKey, opened

_CLEARED = b"(null)"
"""How mosquitto_sub writes an empty message, which clears what is retained."""


def new_fleet_key(arguments: Sequence[str]) -> int:
    """Write a private key into a new file, print the public one."""
    parser = ArgumentParser(prog="new-fleet-key", description=new_fleet_key.__doc__)
    parser.add_argument("file", type=Path, help="a new file for the private key; it never goes to a home")
    file: Path = parser.parse_args(arguments).file
    key = PrivateKey.new()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w", encoding="ascii") as opened_file:
        opened_file.write(f"# Of {key.public.text}. Whoever has this file reads what the homes seal.\n{key.text}\n")
    print(key.public.text)
    return 0


def open_messages(arguments: Sequence[str]) -> int:
    """Read lines of `mosquitto_sub -v` from standard input, and write each with its own topic and message."""
    parser = ArgumentParser(prog="open", description=open_messages.__doc__)
    parser.add_argument("--key", type=Path, action="append", required=True, help="a file with private keys; repeatable")
    try:
        keys = _keys(parser.parse_args(arguments).key)
    except (OSError, ValueError) as error:
        print(f"open: {error}", file=sys.stderr)
        return 2
    return 1 if _open_all(sys.stdin.buffer, keys) else 0


def _keys(files: Iterable[Path]) -> dict[str, PrivateKey]:
    """By id. Raises OSError or ValueError, which names the file."""
    found = {}
    for file in files:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        texts = [line for line in lines if line and not line.startswith("#")]
        if not texts:
            raise ValueError(f"{file}: holds no key; one begins with {PRIVATE}")
        for text in texts:
            try:
                key = PrivateKey(text)
            except ValueError as error:
                raise ValueError(f"{file}: a line {error}") from error
            found[key.public.id] = key
    return found


def _open_all(lines: Iterable[bytes], keys: dict[str, PrivateKey]) -> int:
    """How many could not be opened; each is named on standard error, and the next is tried."""
    refused = 0
    for line in lines:
        topic, _, payload = line.rstrip(b"\n").partition(b" ")
        if payload in {b"", _CLEARED}:
            continue
        name = _printable(topic)
        try:
            own_topic, message = opened(name, payload, keys)
        except NotOpened as error:
            refused += 1
            print(f"open: {name} {error}", file=sys.stderr, flush=True)
            continue
        print(_printable(own_topic.encode()), _printable(message), flush=True)
    return refused


def _printable(text: bytes) -> str:
    """A line for a terminal: what a sensor has put into it does nothing there."""
    decoded = text.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in decoded)
