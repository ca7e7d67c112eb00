"""What a home can be asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Steerable:
    """An asset that events can name."""

    name: str
    """In the core."""
    kind: str
    low_kw: float
    """Least it can draw; negative feeds."""
    high_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A home, as a check of requests needs to know it."""

    home: str
    """Its id in messages."""
    max_import_kw: float
    max_export_kw: float
    assets: Mapping[str, Steerable] = field(default_factory=dict)
    """By id in messages."""

    @property
    def kinds(self) -> frozenset[str]:
        """Of its assets."""
        return frozenset(asset.kind for asset in self.assets.values())

    def meant(self, assets: Iterable[str], kinds: Iterable[str]) -> frozenset[str]:
        """Names of the assets that a request speaks of; all where it names none."""
        ids, sorts = frozenset(assets), frozenset(kinds)
        return frozenset(
            asset.name
            for key, asset in self.assets.items()
            if not (ids or sorts) or key in ids or asset.name in ids or asset.kind in sorts
        )

    def asset(self, key: str) -> Steerable | None:
        """The asset with that id, or that name in the core."""
        found = self.assets.get(key)
        return found or next((asset for asset in self.assets.values() if asset.name == key), None)
