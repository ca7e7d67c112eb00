"""A home: its connection and its assets."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .asset import Asset
from .checks import at_least, named
from .value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Value):
    """Everything about the home that stays the same from plan to plan."""

    name: str
    time_zone: str
    """IANA name, e.g. Europe/Berlin: days and months of the tariff are local."""
    max_import_kw: float
    """Fuse of the grid connection; a hard limit."""
    max_export_kw: float
    """Export limit of the grid connection; a hard limit."""
    assets: tuple[Asset, ...] = ()

    def __post_init__(self) -> None:
        named("site", self.name)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"site: time_zone must be an IANA name such as Europe/Berlin, got {self.time_zone!r}"
            ) from error
        at_least("site", "max_import_kw", self.max_import_kw, 0.0)
        at_least("site", "max_export_kw", self.max_export_kw, 0.0)
        names = [asset.name for asset in self.assets]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"site: asset names must be unique, got {name!r} twice")

    def asset(self, name: str) -> Asset | None:
        """The asset with that name, if there is one."""
        return next((asset for asset in self.assets if asset.name == name), None)
