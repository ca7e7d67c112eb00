"""Boosted trees as plain arrays: evaluated with numpy, kept without pickle."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .past import Floats, Ints

_DEEPEST = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """The sum of `base` and one leaf of each tree; all nodes of all trees lie in one row of arrays."""

    base: Floats
    """One number."""
    roots: Ints
    """The first node of each tree."""
    feature: Ints
    """-1 for a leaf."""
    threshold: Floats
    """Values up to it go left."""
    unknown_left: Ints
    """1: NaN goes left."""
    left: Ints
    right: Ints
    value: Floats
    """Of a leaf."""

    def predict(self, table: Floats) -> Floats:
        """One number for each row of features."""
        rows = np.arange(len(table))[:, None]
        node = np.broadcast_to(self.roots, (len(table), len(self.roots))).copy()
        for _ in range(_DEEPEST):
            feature = self.feature[node]
            inner = feature >= 0
            if not inner.any():
                break
            seen = table[rows, np.maximum(feature, 0)]
            goes_left = np.where(np.isnan(seen), self.unknown_left[node] > 0, seen <= self.threshold[node])
            node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
        total: Floats = self.base[0] + self.value[node].sum(axis=1)
        return total

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What has to be kept."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def trees_from(arrays: Mapping[str, NDArray[np.generic]], columns: int) -> Trees:
    """Trees that can be evaluated on `columns` features, from what was kept.

    Raises:
        ValueError: an array is missing, of another type or length, or leads nowhere.
    """
    for field in fields(Trees):
        kept = arrays.get(field.name)
        wanted = np.float64 if field.name in {"base", "threshold", "value"} else np.int64
        if kept is None or kept.dtype != wanted or kept.ndim != 1:
            raise ValueError(f"trees: {field.name} is missing or of another type")
    trees = Trees(**{field.name: arrays[field.name] for field in fields(Trees)})  # type: ignore[arg-type]  # just seen
    nodes = len(trees.value)
    same_length = {len(getattr(trees, name)) for name in ("feature", "threshold", "unknown_left", "left", "right")}
    if same_length != {nodes} or len(trees.base) != 1 or not nodes:
        raise ValueError("trees: the arrays do not fit each other")
    inner = trees.feature >= 0
    index = np.arange(nodes)
    leads_on = (trees.left > index) & (trees.right > index) & (trees.left < nodes) & (trees.right < nodes)
    if trees.feature.max() >= columns or not leads_on[inner].all():
        raise ValueError("trees: a branch leads nowhere")
    if not ((trees.roots >= 0) & (trees.roots < nodes)).all() or not np.isfinite(trees.value).all():
        raise ValueError("trees: a root or a leaf is not valid")
    return trees
