"""A person's word for an asset: checked against what the asset can do, and given its time among the others."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from .abilities import PowerTooLow, least_kw, mode_kw, power_range_kw
from .core.model import Override
from .home import Home

ROUNDING_KW = 0.005
"""Who types a least power rounded to 10 W means that power."""


class OverridesOverlap(ValueError):
    """Two words for one asset at one time: `key` and `placeholders` say it in the household's language."""

    def __init__(self, key: str, message: str, **placeholders: str) -> None:
        super().__init__(message)
        self.key = key
        self.placeholders = placeholders


def checked_override(
    home: Home, asset: str, power_kw: float | str, *, start: datetime | None, until: datetime
) -> Override:
    """The word as an override; the power may be one of the `OVERRIDE_MODES`.

    Raises:
        KeyError: no such asset.
        PowerTooLow: it is either off or runs at more than that.
        ValueError: a mode that the asset does not have, a power beyond it, or an end before the start.
    """
    device, title = home.asset(asset), home.titles[asset]
    wanted_kw = mode_kw(title, device, power_kw) if isinstance(power_kw, str) else power_kw
    low_kw, high_kw = power_range_kw(device)
    if not low_kw <= wanted_kw <= high_kw:
        raise ValueError(f"{title}: power_kw must be between {low_kw:g} and {high_kw:g}, got {wanted_kw:g}")
    if 0.0 < wanted_kw < least_kw(device) - ROUNDING_KW:
        raise PowerTooLow(title, wanted_kw, least_kw(device))
    return Override(asset=asset, power_kw=wanted_kw, start=start, until=until)


def with_override(
    overrides: Iterable[Override], override: Override, *, now: datetime, title: str, time_zone: str
) -> tuple[Override, ...]:
    """The overrides with another one: what holds from now on replaces what holds now.

    Raises:
        OverridesOverlap: there is another one for the asset at that time.
    """
    replaces = override.has_begun(now)
    kept = tuple(
        other for other in overrides if other.asset != override.asset or not (replaces and other.has_begun(now))
    )
    for other in kept:
        if other.asset == override.asset and other.overlaps(override):
            raise _overlap(override, other, now, title, ZoneInfo(time_zone))
    return (*kept, override)


def _overlap(override: Override, other: Override, now: datetime, title: str, zone: ZoneInfo) -> OverridesOverlap:
    def local(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    since, start = (entry.start or now for entry in (other, override))
    return OverridesOverlap(
        "overrides_overlap",
        f"{title}: an override from {start.isoformat()} to {override.until.isoformat()} overlaps the one "
        f"from {since.isoformat()} to {other.until.isoformat()}",
        asset=title,
        start=local(start),
        until=local(override.until),
        other_start=local(since),
        other_until=local(other.until),
    )
