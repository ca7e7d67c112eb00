"""Whether what leaves this home for the fleet is sealed, and the thread that sees to it."""

from collections.abc import Mapping
import logging
import threading
from typing import TYPE_CHECKING

from .broker_files import is_bridged, public_key_text
from .sealed_link import LinkOptions, LinkState, SealedLink, forget_sessions

if TYPE_CHECKING:
    from .sealing import Sealer

_LOGGER = logging.getLogger(__name__)


class SealedFleet:
    """As the variables say; a key that is not one is a problem, and then nothing is sent."""

    def __init__(self, options: LinkOptions, variables: Mapping[str, str], names: str) -> None:
        """`names` is the home's key for the names of devices and events."""
        self._options, self._variables = options, variables
        self._problem = ""
        self._link: SealedLink | None = None
        try:
            sealer = _sealer_of(options.home, variables, names)
        except ValueError as error:
            self._problem = str(error)
            _LOGGER.warning("%s", error)
            return
        if sealer is not None and is_bridged(variables):
            self._link = SealedLink(options, sealer)

    def run(self, stop: threading.Event) -> None:
        """Until stopped, or until there is nothing more to do."""
        forget_sessions(self._options, self._variables, stop)
        if self._link is not None:
            self._link.run(stop)

    def state(self) -> LinkState | None:
        """The figures of this moment; None where nothing is to be sealed."""
        return None if self._link is None else self._link.state()

    def problems(self) -> tuple[str, ...]:
        """What somebody should look at."""
        if self._problem:
            return (self._problem,)
        state = self.state()
        return (f"nothing is sealed for the fleet: {state.trouble}",) if state is not None and state.trouble else ()


def _sealer_of(home: str, variables: Mapping[str, str], names: str) -> Sealer | None:
    """Raises ValueError, for people."""
    if not public_key_text(variables):
        return None
    from .sealing import Sealer, public_key_of  # noqa: PLC0415  # 10 MB that other homes do without

    key = public_key_of(variables)
    if key is None or not names:
        raise ValueError("the key for sealed names is missing, so nothing is sent to the fleet: start init again")
    return Sealer(home, key, names.encode())
