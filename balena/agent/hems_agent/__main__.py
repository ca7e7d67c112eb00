"""`python -m hems_agent init | run | diagnostics | healthy`; for operators `new-fleet-key FILE | open --key FILE`."""

import logging
import os
from pathlib import Path
import signal
import sys
from urllib.error import URLError
import urllib.request

from .diagnostics import LogTail
from .secrets import make_secrets
from .settings import Settings

OLDEST_ROUND_S = 120.0
_LOGGER = logging.getLogger("hems_agent")


def main(arguments: list[str]) -> int:
    """2 for a command that does not exist, or a setting that cannot be."""
    if arguments[:1] in (["new-fleet-key"], ["open"]):
        from . import fleet_keys  # noqa: PLC0415  # homes have no use for it

        command = fleet_keys.new_fleet_key if arguments[0] == "new-fleet-key" else fleet_keys.open_messages
        return command(arguments[1:])
    commands = {"init": _init, "run": _run, "diagnostics": _diagnostics, "healthy": _healthy}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"hems agent: say one of {', '.join(commands)}", file=sys.stderr)  # a command line
        return 2
    try:
        return commands[arguments[0]](Settings.of(os.environ))
    except ValueError as error:
        print(f"hems agent: {error}", file=sys.stderr)
        return 2


def _set_up_log(level: str) -> LogTail:
    form = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    shown, kept = logging.StreamHandler(), LogTail()
    for handler in (shown, kept):
        handler.setFormatter(form)
    logging.basicConfig(level=level.upper(), handlers=[shown, kept], force=True)
    return kept


def _init(settings: Settings) -> int:
    """Make the secrets; only names are said."""
    _set_up_log(settings.log_level)
    made = make_secrets(settings.secrets, os.environ)
    for problem in made.problems:
        _LOGGER.warning("%s", problem)
    _LOGGER.info("home %s: %d secrets written%s", made.home, len(made.written), ", all anew" if made.rotated else "")
    return 0


def _run(settings: Settings) -> int:
    log = _set_up_log(settings.log_level)
    for problem in settings.problems:
        _LOGGER.warning("%s", problem)
    from .rounds import Agent  # noqa: PLC0415  # the other commands are needed often and do without all of it

    agent = Agent(settings, os.environ, log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    agent.run()
    return 0


def _diagnostics(settings: Settings) -> int:
    """What the running agent has written down, for remote support."""
    place: Path = settings.data / "diagnostics.json"
    if not place.exists():
        print("hems agent: there is nothing yet; is the agent running?", file=sys.stderr)
        return 1
    sys.stdout.write(place.read_text("utf-8") + "\n")
    return 0


def _healthy(settings: Settings) -> int:
    """0 when the running agent has had a look within two minutes."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except URLError, OSError:
        return 1
    ages = [float(line.split()[1]) for line in lines if line.startswith("hems_agent_round_age_seconds ")]
    return 0 if ages and ages[0] < OLDEST_ROUND_S else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
