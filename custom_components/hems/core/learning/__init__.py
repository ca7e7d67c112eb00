"""The load of a home, learned from its own past; runs in the engine, never inside Home Assistant.

::

    LoadHistory -> Past (arrays) -> methods -> scores -> the best of recent days -> LoadForecast
                                      ^
                        Learned: trees over features, kept on disk

Every method answers the same question about many (target step, origin) pairs at once and may look only at what
lies before the origin; `tests/core/learning` proves it by changing the future. numpy is imported here,
scikit-learn only by `learner.py` and its `training.py`: forecasting does without, and so starts fast.
"""

from .forecasting import forecast_load
from .store import Learned, StoreError, load_learned, save_learned

__all__ = ["Learned", "StoreError", "forecast_load", "load_learned", "save_learned"]
