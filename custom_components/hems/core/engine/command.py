"""The command line: options in, a running service, an exit code."""

import asyncio
from collections.abc import Sequence
import os
import sys

from . import logs, options
from .server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 2 when it cannot start as asked."""
    try:
        given = options.parse(sys.argv[1:] if arguments is None else arguments, os.environ)
        os.environ.pop(options.TOKEN_VARIABLE, None)
        logs.set_up(given.log_level)
        asyncio.run(serve(given))
    except options.OptionsError as error:
        print(f"hems engine: {error}", file=sys.stderr)  # noqa: T201  # before there is a log
        return 2
    return 0
