"""What the people at home switch on: a base load that breathes with the day, and named appliance spikes."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .trace import Pulse

BASE_KWH = (5.5, 8.5)
"""Least and most of the base load in a day."""
MOST_SPIKES_KWH = 6.0
"""Of all spikes of a day; what would exceed it stays off."""
DAILY_BAND_KWH = (BASE_KWH[0], BASE_KWH[1] + MOST_SPIKES_KWH)
"""Every day's energy lies in this band."""

WEEKDAY = (5, 5, 5, 5, 5, 6, 9, 11, 8, 7, 7, 7, 8, 7, 7, 7, 9, 12, 15, 16, 15, 13, 10, 7)
WEEKEND = (6, 5, 5, 5, 5, 5, 6, 8, 10, 11, 11, 11, 12, 11, 10, 10, 11, 12, 14, 15, 15, 13, 11, 8)
"""Relative base load by local hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How an appliance is used."""

    name: str
    power_kw: tuple[float, float]
    minutes: tuple[float, float]
    chances: tuple[float, ...]
    """One draw each per day."""
    hours: tuple[tuple[float, float], ...]
    """Local hours in which each draw falls; as many as `chances`."""


HABITS = (
    Habit(
        name="kettle",
        power_kw=(1.9, 2.3),
        minutes=(2.0, 4.0),
        chances=(0.9, 0.5, 0.7, 0.6),
        hours=((6.3, 8.0), (12.0, 13.5), (15.0, 17.0), (19.5, 21.5)),
    ),
    Habit(
        name="coffee_machine",
        power_kw=(1.1, 1.4),
        minutes=(1.0, 3.0),
        chances=(0.9, 0.5),
        hours=((6.2, 8.5), (13.0, 15.0)),
    ),
    Habit(name="toaster", power_kw=(0.8, 1.0), minutes=(2.0, 4.0), chances=(0.6,), hours=((6.5, 8.5),)),
    Habit(name="hair_dryer", power_kw=(1.3, 2.0), minutes=(4.0, 8.0), chances=(0.6,), hours=((6.5, 7.8),)),
    Habit(
        name="microwave",
        power_kw=(1.0, 1.3),
        minutes=(2.0, 8.0),
        chances=(0.5, 0.4),
        hours=((11.8, 13.5), (18.0, 20.0)),
    ),
    Habit(
        name="hob",
        power_kw=(1.4, 2.8),
        minutes=(15.0, 35.0),
        chances=(0.3, 0.8),
        hours=((11.5, 12.8), (17.5, 19.3)),
    ),
    Habit(name="oven", power_kw=(2.0, 2.8), minutes=(30.0, 55.0), chances=(0.35,), hours=((17.0, 18.8),)),
    Habit(name="washing_machine", power_kw=(1.9, 2.2), minutes=(18.0, 28.0), chances=(0.45,), hours=((8.5, 19.0),)),
    Habit(name="vacuum_cleaner", power_kw=(0.7, 1.0), minutes=(12.0, 28.0), chances=(0.3,), hours=((9.0, 18.0),)),
    Habit(name="iron", power_kw=(1.6, 2.2), minutes=(10.0, 25.0), chances=(0.15,), hours=((16.0, 21.0),)),
)


def draw_spikes(rng: Random, at_hour: Callable[[float], float]) -> list[Pulse]:
    """A day's spikes; `at_hour` turns a local hour into seconds since the epoch."""
    spikes: list[Pulse] = []
    left_kwh = MOST_SPIKES_KWH
    for habit in HABITS:
        for chance, (earliest, latest) in zip(habit.chances, habit.hours, strict=True):
            happens = rng.random() < chance
            start_s = at_hour(rng.uniform(earliest, latest))
            duration_s = rng.uniform(*habit.minutes) * 60.0
            power_kw = rng.uniform(*habit.power_kw)
            spike = Pulse(name=habit.name, start_s=start_s, end_s=start_s + duration_s, power_kw=power_kw)
            if happens and spike.energy_kwh <= left_kwh:
                spikes.append(spike)
                left_kwh -= spike.energy_kwh
    return spikes


def base_knots(rng: Random, hours: list[float], step_h: float, *, weekend: bool) -> list[float]:
    """Power in kW at each of the `hours` (local, `step_h` of elapsed time apart) of one day.

    The shape of the day, a refrigerator that switches on and off, and a little noise.
    """
    shape = WEEKEND if weekend else WEEKDAY
    day_kwh = rng.uniform(*BASE_KWH)
    fridge_shift = rng.random()
    noise = 0.0
    raw: list[float] = []
    for hour in hours:
        left = int(hour) % 24
        share = hour - int(hour)
        level = shape[left] + share * (shape[(left + 1) % 24] - shape[left])
        fridge = 2.0 if (hour * 1.2 + fridge_shift) % 1.0 < 0.35 else 0.0
        noise = 0.95 * noise + rng.gauss(0.0, 0.25)
        raw.append(max(1.0, level + fridge + noise))
    integral_h = (sum(raw) - (raw[0] + raw[-1]) / 2.0) * step_h
    return [value * day_kwh / integral_h for value in raw]
