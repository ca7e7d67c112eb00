"""Whether the services answer, asked once a second by somebody who is none of them."""

from collections.abc import Callable
import threading
import time

EVERY_S = 1.0


class Timeline:
    """How something was at each second; times of the monotonic clock."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, bool]] = []

    def tell(self, at: float, is_well: bool) -> None:
        """In the order of time."""
        self.seen.append((at, is_well))

    @property
    def is_well(self) -> bool:
        """When it was last asked."""
        return bool(self.seen) and self.seen[-1][1]

    @property
    def share(self) -> float:
        """Of the seconds in which it was well."""
        return sum(well for _, well in self.seen) / len(self.seen) if self.seen else 0.0

    def outages(self) -> list[float]:
        """Seconds of each stretch without a good answer."""
        found: list[float] = []
        since: float | None = None
        for at, well in self.seen:
            if well and since is not None:
                found.append(at - since)
                since = None
            elif not well and since is None:
                since = at
        if since is not None:
            found.append(self.seen[-1][0] + EVERY_S - since)
        return found

    def back_after(self, at: float, within_s: float, until: float) -> float | None:
        """From `at` until it is well again; 0 where nobody saw it down, None where it is not well before `until`.

        What goes down later than `within_s` has another cause.
        """
        after = [(when, well) for when, well in self.seen if at <= when <= until]
        down = next((when for when, well in after if not well), None)
        if down is None or down > at + within_s:
            return 0.0
        return next((when - at for when, well in after if well and when > down), None)


class Probe(threading.Thread):
    """Asks one service; a question that takes longer than a second counts for each second that it took."""

    def __init__(self, name: str, check: Callable[[], bool]) -> None:
        super().__init__(name=f"probe {name}", daemon=True)
        self._check, self._stop_asking = check, threading.Event()
        self.timeline = Timeline()

    def run(self) -> None:
        """Until `end`."""
        due = time.monotonic()
        while not self._stop_asking.wait(max(0.0, due - time.monotonic())):
            well = self._check()
            while True:
                self.timeline.tell(due, well)
                due += EVERY_S
                if due > time.monotonic():
                    break

    def end(self) -> None:
        """Ask no more."""
        self._stop_asking.set()
        self.join()
