"""A home: its connection and its assets."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .asset import Asset
from .checks import at_least, named, within
from .inverter import HybridInverter, behind_of
from .value import Value

SHARES_CLOSE = 1e-3
"""Thirds are written with a few digits."""


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
    max_import_a_per_phase: float | None = None
    """Fuse of each phase, on what it draws from the grid; a hard limit. None: the phases are not looked at."""
    voltage_v: float = 230.0
    """Between phase and neutral."""
    load_phase_shares: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    """How the load that HEMS does not control spreads over the phases; they sum to 1."""
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
        self._check_phases()
        names = [asset.name for asset in self.assets]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"site: asset names must be unique, got {name!r} twice")
        self._check_inverters()

    def _check_inverters(self) -> None:
        """What is behind an inverter names one that is there."""
        for asset in self.assets:
            inverter = behind_of(asset)
            if inverter is None:
                continue
            found = self.asset(inverter)
            if found is None:
                raise ValueError(f"{asset.name}: inverter {inverter!r} is not an asset of the site")
            if not isinstance(found, HybridInverter):
                raise ValueError(  # noqa: TRY004  # a value like any other that is wrong
                    f"{asset.name}: inverter must name a hybrid inverter, but {inverter!r} is a {type(found).__name__}"
                )

    def _check_phases(self) -> None:
        if self.max_import_a_per_phase is not None:
            at_least("site", "max_import_a_per_phase", self.max_import_a_per_phase, 0.0)
        within("site", "voltage_v", self.voltage_v, 100.0, 300.0)
        for share in self.load_phase_shares:
            within("site", "load_phase_shares", share, 0.0, 1.0)
        if abs(sum(self.load_phase_shares) - 1.0) > SHARES_CLOSE:
            raise ValueError(f"site: load_phase_shares must sum to 1, got {sum(self.load_phase_shares):g}")

    @property
    def max_phase_kw(self) -> float | None:
        """Most import of each phase; None where nobody asked for the phases."""
        return None if self.max_import_a_per_phase is None else self.max_import_a_per_phase * self.voltage_v / 1000.0

    def asset(self, name: str) -> Asset | None:
        """The asset with that name, if there is one."""
        return next((asset for asset in self.assets if asset.name == name), None)
