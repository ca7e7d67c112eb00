"""A home with sun, load and one battery; within a step every power is its mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from custom_components.hems.core.model import Battery

from .view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What battery and inverter are told for one step."""

    battery_kw: float
    """Positive charges."""
    max_sun_kw: float = inf
    """The array is held below this; only where it can be."""


type Controller = Callable[[View], Command]
"""It may know `View.load_kw` and `View.sun_kw` of its step, as a battery that follows the meter does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One home over its whole record; sequences have one value a step."""

    name: str
    currency: str
    time_zone: str
    start: datetime
    step: timedelta
    load_kw: Sequence[float]
    sun_kw: Sequence[float]
    import_price: Sequence[float]
    export_price: Sequence[float]
    co2_kg_per_kwh: Sequence[float]
    """All 0 where nobody knows."""
    battery: Battery
    start_kwh: float
    """In the battery before the first scored step."""
    max_import_kw: float
    max_export_kw: float
    curtailable: bool
    present_known: bool
    """Whether a controller may plan with the present step's load and sun, and not only follow them."""
    published_at_h: int | None = None
    """Local hour at which the next day's prices come out; None: they are known for ever, as a contract's are."""

    @property
    def step_h(self) -> float:
        """Length of a step."""
        return self.step.total_seconds() / 3600.0

    @property
    def steps_a_day(self) -> int:
        """How many."""
        return round(24.0 / self.step_h)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What happened, one value a step."""

    first: int
    """The step of the home's record at which it began."""
    battery_kw: tuple[float, ...]
    import_kw: tuple[float, ...]
    export_kw: tuple[float, ...]
    curtailed_kw: tuple[float, ...]
    unserved_kw: tuple[float, ...]
    energy_kwh: tuple[float, ...]
    """At the edges: one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The powers of one step, and what the battery holds after it."""

    battery_kw: float
    import_kw: float
    export_kw: float
    curtailed_kw: float
    unserved_kw: float
    energy_kwh: float


def advance(home: Home, step: int, energy_kwh: float, command: Command) -> Flow:
    """One step: the battery does what is wanted as far as it and the connection can; sun beyond that is held back."""
    battery, h = home.battery, home.step_h
    most_kw = min(battery.max_charge_kw, (battery.max_kwh - energy_kwh) / battery.charge_efficiency / h)
    least_kw = -min(battery.max_discharge_kw, (energy_kwh - battery.min_kwh) * battery.discharge_efficiency / h)
    sun_kw = min(home.sun_kw[step], command.max_sun_kw) if home.curtailable else home.sun_kw[step]
    rest_kw = home.load_kw[step] - sun_kw
    # The fuse is kept by the battery first: it charges less or helps.
    battery_kw = min(max(least_kw, min(command.battery_kw, home.max_import_kw - rest_kw)), most_kw)
    net_kw = rest_kw + battery_kw
    unserved_kw = max(0.0, net_kw - home.max_import_kw)
    beyond_kw = max(0.0, -net_kw - home.max_export_kw)
    # What cannot be held back goes out all the same.
    curtailed_kw = min(beyond_kw, sun_kw) if home.curtailable else 0.0
    net_kw += curtailed_kw - unserved_kw
    into_cells = battery.charge_efficiency if battery_kw > 0.0 else 1.0 / battery.discharge_efficiency
    return Flow(
        battery_kw=battery_kw,
        import_kw=max(0.0, net_kw),
        export_kw=max(0.0, -net_kw),
        curtailed_kw=curtailed_kw + home.sun_kw[step] - sun_kw,
        unserved_kw=unserved_kw,
        energy_kwh=min(max(energy_kwh + battery_kw * into_cells * h, battery.min_kwh), battery.max_kwh),
    )


def live(home: Home, controller: Controller, first: int, steps: int) -> Lived:
    """A controller in charge for `steps` steps from `first` on."""
    flows: list[Flow] = []
    energy_kwh = home.start_kwh
    for step in range(first, first + steps):
        command = controller(View(home=home, step=step, energy_kwh=energy_kwh))
        flows.append(advance(home, step, energy_kwh, command))
        energy_kwh = flows[-1].energy_kwh
    return Lived(
        first=first,
        battery_kw=tuple(flow.battery_kw for flow in flows),
        import_kw=tuple(flow.import_kw for flow in flows),
        export_kw=tuple(flow.export_kw for flow in flows),
        curtailed_kw=tuple(flow.curtailed_kw for flow in flows),
        unserved_kw=tuple(flow.unserved_kw for flow in flows),
        energy_kwh=(home.start_kwh, *(flow.energy_kwh for flow in flows)),
    )
