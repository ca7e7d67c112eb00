"""The judgement of how a heater is switched."""

from dataclasses import dataclass

from ..duty import Duty, whole_steps
from ..terms import Terms
from .grid import peak_price_per_kw
from .judgement import Judgement, broken_spans

STOPPED_PRICE_PER_KWH = 100.0
"""Currency per kWh at least power, for being off before its time, where a kWh costs at most 1: dearer than the user's
word, cheaper than load without supply, so that only a limit of the grid stops a compressor early."""
STOPPED_PER_PEAK = 1.5
"""On top, times the price of a peak: nor may it be stopped to spare one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """What became of a duty in the steps that are decided whole."""

    starts: int
    """Those that are known to be one."""
    stopped: tuple[int, ...]
    """Steps in which it is off although it was on for less than its least time."""


def switched(duty: Duty, power_kw: tuple[float, ...], terms: Terms) -> Switched:
    """Read off a schedule."""
    horizon = terms.horizon
    was_on, starts = duty.on, 0
    runs_until = duty.held(horizon) if duty.on else 0
    stopped: list[int] = []
    for step in range(whole_steps(horizon, terms.request.options.integer_h)):
        on = power_kw[step] > duty.least_kw / 2.0
        if on and was_on is not True:
            starts += was_on is False
            runs_until = duty.free_from(horizon, step, on=True)
        if not on and step < runs_until:
            stopped.append(step)
        was_on = on
    return Switched(starts=starts, stopped=tuple(stopped))


def stopped_price(duty: Duty, terms: Terms, step: int) -> float:
    """Currency for being off in a step in which it had to be on."""
    per_kw = terms.money_scale * STOPPED_PRICE_PER_KWH * terms.steps_h[step]
    return duty.least_kw * (per_kw + STOPPED_PER_PEAK * peak_price_per_kw(terms))


def judge_duty(duty: Duty, power_kw: tuple[float, ...], terms: Terms) -> Judgement:
    """Starts at their price, as wear; what was stopped too early."""
    if duty.is_free:
        return Judgement()
    done = switched(duty, power_kw, terms)
    short_kw = [duty.least_kw if step in done.stopped else 0.0 for step in range(terms.horizon.steps)]
    return Judgement(
        wear=duty.start_price * done.starts,
        comfort=sum(stopped_price(duty, terms, step) for step in done.stopped),
        violations=broken_spans(
            f"{duty.name}.min_on",
            duty.name,
            short_kw,
            "kW",
            "switched off before its least time on: a limit of the grid leaves no room",
            terms.horizon,
        ),
    )
