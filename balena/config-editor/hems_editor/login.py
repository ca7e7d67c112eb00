"""Who may edit: one password, a session, and patience with whoever guesses."""

import base64
from collections import deque
from collections.abc import Callable
import hashlib
import hmac
import secrets

SESSION_S = 3600.0
"""Without a request for that long the session ends."""
TRIES = 5
TRIES_WINDOW_S = 300.0
"""After that many wrong passwords within that time nobody gets in until it is over."""


def matches(password: str, kept: str) -> bool:
    """Whether `kept`, in Mosquitto's form `$7$iterations$salt$key` (PBKDF2-SHA512), was made of `password`."""
    try:
        _, kind, iterations, salt, key = kept.split("$")
        wanted = base64.b64decode(key, validate=True)
        given = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations), len(wanted))
    except ValueError:
        return False
    return kind == "7" and hmac.compare_digest(given, wanted)


class Login:
    """The sessions that are open; `clock` gives seconds that only grow."""

    def __init__(self, password_hash: str, clock: Callable[[], float]) -> None:
        self._hash = password_hash
        self._clock = clock
        self._sessions: dict[str, float] = {}
        self._wrong: deque[float] = deque(maxlen=TRIES)

    @property
    def waits(self) -> bool:
        """Whether there were too many wrong passwords lately."""
        return len(self._wrong) == TRIES and self._clock() - self._wrong[0] < TRIES_WINDOW_S

    def enter(self, password: str) -> str | None:
        """A new session, or None where the password is wrong or too many were."""
        if self.waits:
            return None
        if not matches(password, self._hash):
            self._wrong.append(self._clock())
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[session] = self._clock()
        return session

    def is_open(self, session: str) -> bool:
        """Whether it is known and was used lately; using it keeps it open."""
        now = self._clock()
        self._sessions = {name: used for name, used in self._sessions.items() if now - used < SESSION_S}
        if session not in self._sessions:
            return False
        self._sessions[session] = now
        return True

    def leave(self, session: str) -> None:
        """Close it."""
        self._sessions.pop(session, None)
