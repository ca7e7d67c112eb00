"""What is done, and why: the vocabulary of every explanation."""

from enum import StrEnum


class Action(StrEnum):
    """What begins."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    HEAT = "heat"
    RUN = "run"
    CURTAIL = "curtail"
    STOP = "stop"


class Why(StrEnum):
    """What makes it the better choice."""

    OVERRIDE = "override"
    """Somebody asked for it."""
    NEGATIVE_PRICE = "negative_price"
    """Drawing energy is paid for, or feeding it in costs."""
    SOLAR_SURPLUS = "solar_surplus"
    CHEAP_ENERGY = "cheap_energy"
    """Imported below the horizon's mean price."""
    EXPENSIVE_ENERGY = "expensive_energy"
    """Imports above the horizon's mean price are avoided, or energy is sold above it."""
    OWN_ENERGY = "own_energy"
    """The home lives on its own energy."""
    COMFORT = "comfort"
    DEADLINE = "deadline"
    LIMIT = "limit"
    """The connection's limits leave nothing else."""
    EVEN_EXCHANGE = "even_exchange"
    """Changes of the exchange have a price, and it changes less this way; the bill alone would not ask for it."""
    SAVING = "saving"
    """The plan is cheaper this way; no single cause."""
    DONE = "done"
    """Of a stop, like all below: it has what it needs, and nothing is left to do."""
    FULL = "full"
    EMPTY = "empty"
    """A battery is down to its reserve."""
    WARM = "warm"
    """House or tank is as warm as it is wanted, for now."""
    PRICE_RISES = "price_rises"
    PRICE_FALLS = "price_falls"
    CHEAPER_LATER = "cheaper_later"
    """It goes on when energy costs less."""
    DEARER_LATER = "dearer_later"
    """A battery keeps the rest for when energy costs more."""
    SURPLUS_ENDS = "surplus_ends"
    COVERED = "covered"
    """The sun covers what the home needs."""
