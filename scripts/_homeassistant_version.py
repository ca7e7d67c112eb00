"""Which Home Assistant a stack of a given day has: the last release of the month before.

    scripts/homeassistant-version [--date 2026-11-21] [--versions FILE] [--check]

The rule: of all releases without beta, the highest patch of the month before the day; where that month has none, of
the last month that has. Home Assistant releases on the first Wednesday of a month and mends what broke until the next
release, so this is the newest one whose teething troubles are over.

FILE has one version a line (empty: PyPI is asked). --check compares with balena/homeassistant/Dockerfile and ends
with 1 if that is more than one month's release behind, or ahead.
"""

import argparse
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
import re
import sys
import urllib.request

ROOT = Path(__file__).resolve().parents[1]
INDEX = "https://pypi.org/simple/homeassistant/"
_RELEASE = re.compile(r"(20\d\d)\.(1[0-2]|[1-9])\.(0|[1-9]\d*)")
_PIN = re.compile(r"^FROM ghcr\.io/home-assistant/home-assistant:(\S+?)(?:@\S+)?$", re.MULTILINE)

type Version = tuple[int, int, int]


def release(text: str) -> Version | None:
    """Year, month and patch; None for a beta or anything else that is no release."""
    found = _RELEASE.fullmatch(text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def wanted(versions: Iterable[str], day: date) -> str:
    """The version by the rule above. Raises ValueError where no release is old enough."""
    old = [
        version for text in versions if (version := release(text)) is not None and version[:2] < (day.year, day.month)
    ]
    if not old:
        raise ValueError(f"there is no release from before {day:%B %Y}")
    return ".".join(str(part) for part in max(old))


def pinned(dockerfile: str) -> str:
    """The version in the image's Dockerfile. Raises ValueError where there is none."""
    found = _PIN.search(dockerfile)
    if found is None:
        raise ValueError("balena/homeassistant/Dockerfile is not FROM an exact version of Home Assistant")
    return found[1]


def fault(pin: str, versions: Iterable[str], day: date) -> str | None:
    """What is wrong with a pin on a day, if anything.

    Between a release and the next stack there is a month: the pin may be the one that was right a month ago.
    """
    known = list(versions)
    if release(pin) is None:
        return f"{pin} is no release"
    if pin not in known:
        return f"{pin} is not known"
    last_month = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)
    allowed = {
        text
        for text in known
        if (version := release(text))
        and version[:2] in {release_month(wanted(known, day)), release_month(wanted(known, last_month))}
    }
    return None if pin in allowed else f"{pin} is pinned; by the policy it is {wanted(known, day)} on {day}"


def release_month(text: str) -> tuple[int, int]:
    """Year and month of a release."""
    version = release(text)
    if version is None:
        raise ValueError(f"{text} is no release")
    return version[:2]


def published() -> list[str]:
    """All versions that PyPI has and has not taken back."""
    asked = urllib.request.Request(INDEX, headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310  # a fixed https address
        return listed(answer.read().decode())


def listed(page: str) -> list[str]:
    """The versions on a page of a package index (PEP 503), without those that were taken back (PEP 592)."""
    links = re.findall(r"<a\b([^>]*)>\s*homeassistant-([0-9][0-9a-z.]*?)(?:\.tar\.gz|-py3)", page)
    return sorted({version for attributes, version in links if "data-yanked" not in attributes})


def main(arguments: list[str]) -> int:
    """Print the version, or with --check what is wrong with the pin."""
    parser = argparse.ArgumentParser(prog="scripts/homeassistant-version", allow_abbrev=False)
    parser.add_argument("--date", type=date.fromisoformat, default=datetime.now(UTC).date(), help="default: today")
    parser.add_argument("--versions", type=Path, help="one a line, instead of asking PyPI")
    parser.add_argument("--check", action="store_true", help="compare with balena/homeassistant/Dockerfile")
    options = parser.parse_args(arguments)
    versions = options.versions.read_text("utf-8").split() if options.versions else published()
    if not options.check:
        print(wanted(versions, options.date))
        return 0
    found = fault(pinned((ROOT / "balena/homeassistant/Dockerfile").read_text("utf-8")), versions, options.date)
    print(found or "the pin follows the policy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
