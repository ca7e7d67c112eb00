"""Which controllers live in which home, for how long, and how well they did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .data import GERMAN_DAYS, SEASONS, ausgrid, citylearn, german
from .foresight import bound, rolling
from .hems import HISTORY_DAYS, Hems, Style
from .peers import predictive
from .plant import Controller, Home, live
from .rules import RULES
from .scores import Score, score_of

GREEDY = "greedy"
HEMS = "hems"
SCENARIOS = "hems-scenarios"
OFFERED = "hems-as-offered"
BOUND = "foresight"
NUMBERS = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A home, and the part of its record that counts; what lies before it is history."""

    home: Home
    first: int
    days: int

    @property
    def steps(self) -> int:
        """How many count."""
        return self.days * self.home.steps_a_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One controller in one stretch."""

    stretch: Stretch
    controller: str
    score: Score | None
    """None for the bound, which is a cost only."""
    cost: float
    cpu_s: tuple[float, ...] = ()
    """Of each plan."""
    forecast_cpu_s: tuple[float, ...] = ()
    fallbacks: int = 0


def stretches(kind: str, *, quick: bool) -> Iterator[Stretch]:
    """Of one kind of home; `quick` ones are too short to judge by."""
    if kind == "ausgrid":
        home = ausgrid()
        first = HISTORY_DAYS * home.steps_a_day
        yield Stretch(
            home=home, first=first, days=20 if quick else len(home.load_kw) // home.steps_a_day - HISTORY_DAYS
        )
    elif kind == "citylearn":
        for number in NUMBERS[:1] if quick else NUMBERS:
            home = citylearn(number)
            # The record begins an hour before midnight.
            first = HISTORY_DAYS * home.steps_a_day + 1
            yield Stretch(home=home, first=first, days=14 if quick else (len(home.load_kw) - first) // home.steps_a_day)
    elif kind == "german":
        for season in ("spring",) if quick else SEASONS:
            for number in NUMBERS[:1] if quick else NUMBERS:
                for paid in (False, True):
                    home, first = german(number, season, paid=paid)
                    yield Stretch(home=home, first=first, days=7 if quick else GERMAN_DAYS)
    else:
        raise ValueError(f"homes: kind must be ausgrid, citylearn or german, got {kind!r}")


PEERS: Mapping[str, Controller] = {
    "mpc-yesterday": predictive(1, follows=False),
    "mpc-7-day-mean": predictive(7, follows=False),
    "mpc-28-day-mean": predictive(28, follows=False),
    "mpc-7-day-mean-following": predictive(7, follows=True),
    "mpc-28-day-mean-following": predictive(28, follows=True),
    "foresight-24h": rolling(24),
}


def results(stretch: Stretch, styles: Mapping[str, Style]) -> Iterator[Result]:
    """Every controller in the same stretch, one after another, as they are done; HEMS in each of its `styles`."""
    for name, controller in (*RULES.items(), *PEERS.items()):
        yield _lived(stretch, name, controller)
    for name, style in styles.items():
        hems = Hems(home=stretch.home, style=style)
        lived = _lived(stretch, name, hems)
        yield replace(
            lived, cpu_s=tuple(hems.cpu_s), forecast_cpu_s=tuple(hems.forecast_cpu_s), fallbacks=hems.fallbacks
        )
    best = bound(stretch.home, stretch.first, stretch.steps)
    yield Result(stretch=stretch, controller=BOUND, score=None, cost=best.cost)


def _lived(stretch: Stretch, name: str, controller: Controller) -> Result:
    score = score_of(stretch.home, live(stretch.home, controller, stretch.first, stretch.steps))
    return Result(stretch=stretch, controller=name, score=score, cost=score.cost)


def shares(costs: Mapping[str, float]) -> Mapping[str, float]:
    """By controller: how much of what perfect foresight saves on greedy self-consumption it saves."""
    possible = costs[GREEDY] - costs[BOUND]
    return {name: (costs[GREEDY] - cost) / possible if possible > 0.0 else 0.0 for name, cost in costs.items()}
