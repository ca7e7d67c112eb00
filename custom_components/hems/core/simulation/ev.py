"""A charging point and the car that comes, charges, leaves and returns with less."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..model import EvCharger
from .days import Days, Trip
from .device import Measurement, Moment, State, flag, number, stepless

LEAST_SOC = 0.05
"""A trip never brings the car home emptier: the driver charges on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """The car of a charging point."""

    capacity_kwh: float = 60.0
    target_soc: float = 0.8
    """What its driver wants at departure, and where it stops charging by itself."""
    start_soc: float = 0.55


class SimulatedEvCharger:
    """Charges by command between its current limits; left to itself at full power up to the driver's target."""

    def __init__(self, charger: EvCharger, days: Days, *, index: int, car: Car, start_s: float) -> None:
        """`index` tells several cars' habits apart."""
        self._charger = charger
        self._days = days
        self.index = index
        self.car = car
        self.energy_kwh = car.start_soc * car.capacity_kwh
        self.away = self.trip_at(start_s) is not None
        self.missing_kwh = 0.0
        """Below the target at departures, since it began."""
        self._trip_kwh = 0.0

    @property
    def target_kwh(self) -> float:
        """Wanted at departure."""
        return self.car.target_soc * self.car.capacity_kwh

    def trip_at(self, time_s: float) -> Trip | None:
        """The trip the car is on at an instant."""
        trip = self._days.trip(self.index, self._days.date_at(time_s))
        return trip if trip is not None and trip.leave_s <= time_s < trip.return_s else None

    def step(self, command_kw: float | None, moment: Moment) -> Measurement:
        """See `Device`. A car that comes or goes during a step does so at its beginning."""
        self._come_and_go(moment.start_s)
        if self.away:
            return Measurement(power_kw=0.0, connected=False, running=False, missed=self.missing_kwh)
        full_kwh = self.target_kwh if command_kw is None else self.car.capacity_kwh
        wanted_kw = self._charger.max_kw(max(self._charger.phases)) if command_kw is None else command_kw
        room_kw = max(0.0, full_kwh - self.energy_kwh) / self._charger.efficiency / moment.dt_h
        power_kw = min(self._possible_kw(wanted_kw), room_kw)
        self.energy_kwh += power_kw * self._charger.efficiency * moment.dt_h
        return Measurement(
            power_kw=power_kw,
            energy_kwh=self.energy_kwh,
            soc=self.energy_kwh / self.car.capacity_kwh,
            connected=True,
            running=power_kw > 0.0,
            missed=self.missing_kwh,
        )

    def _possible_kw(self, wanted_kw: float) -> float:
        """The most that a phase count can give of what is wanted."""
        charger = self._charger
        return max(stepless(wanted_kw, charger.min_kw(n), charger.max_kw(n)) for n in charger.phases)

    def _come_and_go(self, time_s: float) -> None:
        trip = self.trip_at(time_s)
        if trip is not None:
            if not self.away:
                self.missing_kwh += max(0.0, self.target_kwh - self.energy_kwh)
            self.away = True
            self._trip_kwh = trip.energy_kwh
        elif self.away:
            self.away = False
            self.energy_kwh = max(self.energy_kwh - self._trip_kwh, LEAST_SOC * self.car.capacity_kwh)

    def state(self) -> State:
        """See `Device`."""
        return {
            "energy_kwh": self.energy_kwh,
            "away": self.away,
            "missing_kwh": self.missing_kwh,
            "trip_kwh": self._trip_kwh,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """See `Device`."""
        self.energy_kwh = min(max(number(state, "energy_kwh"), 0.0), self.car.capacity_kwh)
        self.away = flag(state, "away")
        self.missing_kwh = number(state, "missing_kwh")
        self._trip_kwh = number(state, "trip_kwh")
