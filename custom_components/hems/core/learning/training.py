"""Where scikit-learn learns; what it has learned leaves it as plain arrays."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]  # publishes no types
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

from .past import Floats
from .trees import Trees

ITERATIONS = 60
LEARNING_RATE = 0.05
LEAVES = 8
"""More leaves or iterations were worse on the home of `scripts/bench forecast` (May and June 2024)."""
LEAST_LEAF_SHARE = 0.005
SMOOTHING = 1.0
_AGREES = 1e-9

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "p10": {"loss": "quantile", "quantile": 0.1},
    "p50": {"loss": "absolute_error"},
    "p90": {"loss": "quantile", "quantile": 0.9},
    "expected": {"loss": "squared_error"},
}


class TrainingFault(RuntimeError):
    """This version of scikit-learn keeps its trees in another way."""


def fit(loss: str, table: Floats, wanted: Floats) -> Trees:
    """Trees for one of `methods.learned.LOSSES`; the same data give the same trees.

    Raises:
        TrainingFault: the trees as arrays do not say what scikit-learn says.
    """
    model = HistGradientBoostingRegressor(
        **OPTIONS[loss],
        max_iter=ITERATIONS,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=max(20, int(LEAST_LEAF_SHARE * len(wanted))),
        l2_regularization=SMOOTHING,
        early_stopping=False,
        random_state=0,
    )
    # The library trips over a column that is wholly unknown; a constant one is never asked either.
    table = np.where(np.isfinite(table).any(axis=0), table, 0.0)
    # Beside other work, threads that wait for each other take many times as long as one.
    with threadpool_limits(limits=1):
        model.fit(table, wanted)
    trees = _as_arrays(model)
    sample = table[:: max(1, len(table) // 200)]
    if not np.allclose(trees.predict(sample), model.predict(sample), rtol=0.0, atol=_AGREES):
        raise TrainingFault(f"{made_with()}: the trees as arrays give other values than the library")
    return trees


def made_with() -> str:
    """The library and its version."""
    return f"scikit-learn {version('scikit-learn')}"


def _as_arrays(model: HistGradientBoostingRegressor) -> Trees:
    # No public way leads to the trees; `fit` compares what comes out with the library's own answer.
    try:
        trees = [stage[0].nodes for stage in model._predictors]  # noqa: SLF001
        base = np.asarray(model._baseline_prediction, np.float64).reshape(-1)[:1]  # noqa: SLF001
        starts = np.cumsum([0, *(len(nodes) for nodes in trees)])
        nodes = np.concatenate(trees)
        shift = np.repeat(starts[:-1], [len(tree) for tree in trees])
        leaf = nodes["is_leaf"].astype(bool)
        return Trees(
            base=base,
            roots=starts[:-1].astype(np.int64),
            feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float64),
            unknown_left=nodes["missing_go_to_left"].astype(np.int64),
            left=np.where(leaf, 0, nodes["left"] + shift).astype(np.int64),
            right=np.where(leaf, 0, nodes["right"] + shift).astype(np.int64),
            value=nodes["value"].astype(np.float64),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise TrainingFault(f"{made_with()}: its trees cannot be read: {error}") from error
