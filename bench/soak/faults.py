"""What is done to a home, and when: drawn before the run from a seed, so that a run can be had again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from bench.recovery.matrix import CONTROL, LOSES_NOTHING

SERVICES = (*LOSES_NOTHING, *CONTROL)
SHORTEST_FREEZE_S, MEAN_FREEZE_S, LONGEST_FREEZE_S = 5.0, 20.0, 60.0
"""Shorter than any watchdog's patience: the service goes on by itself."""
CUT_S = (60.0, 240.0)
DISK_S = (10.0, 60.0)
HANG_LIMIT_S = 1200.0
"""Who has not been restarted by then goes on by itself, and is reported."""


class Kind(StrEnum):
    """Of fault."""

    KILL = "kill"
    """SIGKILL."""
    FREEZE = "freeze"
    """SIGSTOP for a while."""
    HANG = "hang"
    """SIGSTOP until somebody restarts the service."""
    CUT = "cut"
    """The service is stopped for minutes."""
    DISK = "disk"
    """The directory of the agent's queue takes no writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One of them; seconds since the beginning of the run."""

    at_s: float
    kind: Kind
    service: str
    lasts_s: float
    """0: a kill is over at once."""


type Card = tuple[Kind, str]

DECK: tuple[Card, ...] = (
    *((Kind.KILL, service) for service in SERVICES for _ in range(2)),
    *((Kind.FREEZE, service) for service in SERVICES),
    *((Kind.HANG, service) for service in SERVICES),
    *((Kind.CUT, "influxdb"),) * 2,
    *((Kind.DISK, "agent"),) * 2,
)
QUICK: tuple[Card, ...] = (
    *((Kind.KILL, service) for service in (*LOSES_NOTHING, "nginx")),
    *((Kind.FREEZE, service) for service in ("engine", "nginx")),
)
ROOM_S = {Kind.HANG: 600.0, Kind.CUT: CUT_S[1] + 60.0}
USUAL_ROOM_S = 120.0
"""Before the end, to come back in."""


def drawn(seed: int, seconds: float, every_s: float, deck: Sequence[Card] = DECK) -> list[Fault]:
    """Faults at exponential distances with a mean of `every_s`.

    Kinds and services are cards of a shuffled deck, dealt again when it is used up: in a run that is long enough each
    comes as often as the deck says. What would have no time to come back is left out.
    """
    draw = Random(seed)
    scale = min(1.0, seconds / 3600.0)
    return [fault for fault in _dealt(draw, seconds, every_s, deck) if fault.at_s + scale * _room_s(fault) <= seconds]


def _room_s(fault: Fault) -> float:
    return ROOM_S.get(fault.kind, USUAL_ROOM_S)


def _dealt(draw: Random, seconds: float, every_s: float, deck: Sequence[Card]) -> Iterator[Fault]:
    cards = _shuffled(draw, deck)
    at_s = draw.expovariate(1.0 / every_s)
    while at_s < seconds:
        kind, service = next(cards)
        yield Fault(at_s=at_s, kind=kind, service=service, lasts_s=_lasts_s(draw, kind, seconds))
        at_s += draw.expovariate(1.0 / every_s)


def _shuffled(draw: Random, deck: Iterable[Card]) -> Iterator[Card]:
    while True:
        cards = list(deck)
        draw.shuffle(cards)
        yield from cards


def _lasts_s(draw: Random, kind: Kind, seconds: float) -> float:
    match kind:
        case Kind.KILL:
            return 0.0
        case Kind.FREEZE:
            lasts_s = SHORTEST_FREEZE_S + draw.expovariate(1.0 / (MEAN_FREEZE_S - SHORTEST_FREEZE_S))
            return min(LONGEST_FREEZE_S, lasts_s, max(2.0, seconds / 10.0))
        case Kind.HANG:
            return HANG_LIMIT_S
        case Kind.CUT:
            return draw.uniform(*CUT_S)
        case Kind.DISK:
            return draw.uniform(*DISK_S)
