"""Start what the container is told to: `init` as root, everything else as the agent's own user, `run` under a guard.

`run` waits for the secrets of this boot. The host makes the directory of the update lock for root, so root gives it to
the agent before it stops being root.
"""

import os
from pathlib import Path
import pwd
import subprocess
import sys

USER = "agent"
LOCKS = Path("/tmp/balena")  # noqa: S108  # where balena's Supervisor looks for updates.lock
AS_ROOT = ("init",)
"""What writes the secrets of every consumer, also when they are to be rotated."""
WAIT = Path(__file__).with_name("wait-for-secrets.sh")
NEEDED = ("home-id", "agent/mqtt_password")


def drop_root(locks: Path = LOCKS) -> None:
    """Become the agent's user for good."""
    user = pwd.getpwnam(USER)
    if locks.is_dir():
        os.chown(locks, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def wait_for_secrets() -> None:
    """Until `init` is done with this boot. Ends the process where it made none; the script says which."""
    waited = subprocess.run(["/bin/sh", WAIT, *NEEDED], check=False)  # noqa: S603  # words of ours
    if waited.returncode:
        sys.exit(waited.returncode)


def main(arguments: list[str]) -> None:
    """Never returns."""
    if os.getuid() == 0 and arguments[:1] and arguments[0] not in AS_ROOT:
        drop_root()
    if arguments[:1] == ["run"]:
        wait_for_secrets()
    module = "hems_agent.guard" if arguments[:1] == ["run"] else "hems_agent"
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  # no shell


if __name__ == "__main__":
    main(sys.argv[1:])
