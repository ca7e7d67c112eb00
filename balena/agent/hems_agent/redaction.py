"""Takes secrets out of what leaves the home: those that are known, wherever they stand, and what looks like one."""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
import re
from typing import Any
from urllib.parse import quote, quote_plus

from .settings import VARIABLES

GONE = "**"
SHORTEST = 4
"""Characters: a shorter password would take half of every text with it, and says nothing to whoever finds it."""
_HEAD = 12
"""Of a long secret, for texts that were cut."""
_SUPERVISOR = "BALENA_SUPERVISOR_API_KEY"
_WORDS = r"token|password|passwd|passphrase|api_?key|secret|credentials?|authorization|private_?key"
_AFTER_WORDS = re.compile(
    rf"""(?i)((?:{_WORDS})\W{{1,4}}(?:(?:bearer|token|basic)\s+)?)(?:(?<=["'])[^"']+|[^\s"',}}&]+)"""
)
_USER_INFO = re.compile(r"://[^/\s\"']*@")
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def redacted(text: str) -> str:
    """Without what follows words for secrets, users and passwords in URLs, and private keys."""
    return _AFTER_WORDS.sub(rf"\1{GONE}", _USER_INFO.sub(f"://{GONE}@", _KEY.sub(GONE, text)))


def known_secrets(variables: Mapping[str, str], folder: Path) -> set[str]:
    """Those that an operator has set, and those in the files of a folder."""
    names = [one.name for one in VARIABLES if one.is_secret] + [_SUPERVISOR]
    found = {variables.get(name, "").strip() for name in names}
    for file in folder.glob("*"):
        try:
            found.add(file.read_text("utf-8").strip())
        except OSError, UnicodeDecodeError:
            continue
    return {secret for secret in found if len(secret) >= SHORTEST}


class Redactor:
    """For secrets that are known; their usual spellings are known with them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelt = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spelt, key=len, reverse=True)
        parts = [re.escape(secret) for secret in longest_first]
        parts += [re.escape(secret[:_HEAD]) + r"\S*" for secret in longest_first if len(secret) > _HEAD]
        self._known = re.compile("|".join(parts)) if parts else None

    def text(self, text: str) -> str:
        """Without any of them, nor what looks like one."""
        return redacted(self._known.sub(GONE, text) if self._known else text)

    def all(self, told: Any) -> Any:
        """The same for all texts in lists and mappings; names of a mapping stay."""
        match told:
            case str():
                return self.text(told)
            case Mapping():
                return {name: self.all(value) for name, value in told.items()}
            case list() | tuple():
                return [self.all(value) for value in told]
        return told


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
