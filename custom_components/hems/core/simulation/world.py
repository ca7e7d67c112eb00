"""The whole home: weather, people and devices, stepped together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, isfinite
from typing import Any, Self

from ..model import (
    Horizon,
    PlanRequest,
    Site,
    Tariff,
    kind_of,
)
from . import outlook
from .appliance import SimulatedAppliance
from .battery import SimulatedBattery
from .days import Days, Wish
from .device import Device, Measurement, Moment, number
from .grid import balance, feed_in_allowance_kw
from .habits import Habits
from .physics import AS_MODELLED, Physics, device_of
from .pv import SimulatedPv
from .reading import Reading, merged
from .solar import Place

LONGEST_STEP_S = 300.0
SNAPSHOT_VERSION = 1
HELD_BACK_KW = 0.01
"""An array that gives this much less than the sun offers is held back."""

type Commands = Mapping[str, float | None]
"""Power setpoints in kW by asset name; None leaves an asset to its own behaviour."""


class World:
    """A simulated home that lives in steps of 1 to 300 s; the same seed lives the same life.

    Between steps `now` is the home's time. Nothing here reads a clock.
    """

    def __init__(
        self,
        *,
        site: Site,
        seed: int,
        start: datetime,
        latitude: float = 52.5,
        longitude: float = 13.4,
        time_zone: str | None = None,
        physics: Physics = AS_MODELLED,
    ) -> None:
        """`time_zone` is the site's where it is not given."""
        if start.tzinfo is None:
            raise ValueError(f"simulation: start must carry a time zone, got the naive time {start.isoformat()}")
        self.site = site
        self.seed = seed
        self.physics = physics
        self.days = Days(
            seed=seed,
            place=Place(latitude=latitude, longitude=longitude),
            time_zone=time_zone or site.time_zone,
            model=physics.solar,
            clouds=physics.clouds,
        )
        self.habits = Habits(self.days)
        self._time_s = start.timestamp()
        self.devices: dict[str, Device] = {}
        counts: dict[str, int] = {}
        for asset in site.assets:
            index = counts.get(kind_of(asset), 0)
            counts[kind_of(asset)] = index + 1
            self.devices[asset.name] = device_of(asset, index, self.days, physics, self._time_s)
        self._batteries = self._of_type(SimulatedBattery)
        self._pvs = self._of_type(SimulatedPv)
        self._others = {
            name: device for name, device in self.devices.items() if name not in self._batteries | self._pvs
        }

    @property
    def now(self) -> datetime:
        """The home's time, UTC."""
        return datetime.fromtimestamp(self._time_s, UTC)

    def step(self, dt_s: float, commands: Commands | None = None) -> Reading:
        """Live for `dt_s` seconds with power setpoints in kW by asset name.

        An asset without a command, or with None, behaves as it does by itself. For PV a command is the
        most it may give, of either sign.

        Raises:
            ValueError: a step that is not between 0 and 300 s, an unknown asset, a command that is no number.
        """
        if not 0.0 < dt_s <= LONGEST_STEP_S:
            raise ValueError(f"simulation: dt_s must be above 0 and at most {LONGEST_STEP_S:g}, got {dt_s:g}")
        orders = commands or {}
        self._check(orders)
        start_s, end_s = self._time_s, self._time_s + dt_s
        outdoor_c = self._mean(lambda day: day.outdoor_c.integral, start_s, end_s)
        load_kw, spikes = self._load(start_s, end_s)
        moment = Moment(start_s=start_s, end_s=end_s, dt_h=dt_s / 3600.0, outdoor_c=outdoor_c)
        measured = {name: device.step(orders.get(name), moment) for name, device in self._others.items()}
        drawn_kw = load_kw + sum(measurement.power_kw for measurement in measured.values())
        self._step_pv_and_batteries(measured, orders, drawn_kw, moment)
        flow = balance((load_kw, *(measurement.power_kw for measurement in measured.values())), self.site.max_import_kw)
        self._time_s = end_s
        return Reading(
            at=self.now,
            dt_s=dt_s,
            assets={name: measured[name] for name in self.devices},
            load_kw=load_kw,
            grid_kw=flow.grid_kw,
            spikes=spikes,
            outdoor_c=outdoor_c,
            cloudiness=self._cloudiness(start_s),
            overload_kw=flow.overload_kw,
            exported_kw=max(0.0, -flow.grid_kw),
        )

    def live(self, seconds: float, commands: Commands | None = None, *, step_s: float = 5.0) -> Reading:
        """Live through equal steps of at most `step_s`; the reading shows their means and the states at the end.

        For a home whose time runs faster than its meters are read: no energy is lost between two readings.
        """
        steps = max(1, ceil(seconds / step_s - 1e-9))
        return merged([self.step(seconds / steps, commands) for _ in range(steps)])

    def meters(self, reading: Reading) -> Reading:
        """What the meters show an instant after `reading`: people and sun as in the step to come, devices as they were.

        A controller that acts within seconds sees this in a world of longer steps; with `reading` alone it would be
        late by a whole step, which no inverter that balances a home is.
        """
        start_s, end_s = self._time_s, self._time_s + reading.dt_s
        load_kw, spikes = self._load(start_s, end_s)
        assets = dict(reading.assets)
        for name, panel in self._pvs.items():
            before, available_kw = assets[name], panel.available_kw(start_s, end_s)
            held_back = before.available_kw is not None and -before.power_kw < before.available_kw - HELD_BACK_KW
            fed_kw = min(-before.power_kw, available_kw) if held_back else available_kw
            assets[name] = replace(before, power_kw=-fed_kw, available_kw=available_kw, running=fed_kw > 0.0)
        fed_more_kw = sum(reading.assets[name].power_kw - assets[name].power_kw for name in self._pvs)
        grid_kw = reading.grid_kw + load_kw - reading.load_kw - fed_more_kw
        return replace(reading, assets=assets, load_kw=load_kw, spikes=spikes, grid_kw=grid_kw)

    def states(self, horizon: Horizon, *, perfect: bool = False) -> outlook.Outlook:
        """The true states of now with an honest forecast for the horizon, or with perfect foresight."""
        return outlook.look_ahead(self, horizon, perfect=perfect)

    def request(self, horizon: Horizon, tariff: Tariff, *, perfect: bool = False) -> PlanRequest:
        """A complete question to a planner about this home."""
        view = self.states(horizon, perfect=perfect)
        return PlanRequest(
            now=self.now,
            horizon=horizon,
            site=self.site,
            tariff=tariff,
            load_kw=view.load_kw,
            outdoor_c=view.outdoor_c,
            states=view.states,
        )

    def ask_run(self, asset: str, earliest: datetime, latest_end: datetime) -> None:
        """Load an appliance: one run within that window, beside the household's habits."""
        appliance = self._of_type(SimulatedAppliance).get(asset)
        if appliance is None:
            raise ValueError(f"simulation: {asset!r} is not an appliance of this home")
        appliance.ask(Wish(earliest_s=earliest.timestamp(), latest_s=latest_end.timestamp()))

    def snapshot(self) -> dict[str, Any]:
        """Everything to go on living from here, JSON-able; the site itself is kept by whoever configures it."""
        return {
            "version": SNAPSHOT_VERSION,
            "seed": self.seed,
            "time_s": self._time_s,
            "latitude": self.days.place.latitude,
            "longitude": self.days.place.longitude,
            "time_zone": self.days.zone.key,
            "devices": {name: {"kind": self._kind(name), **device.state()} for name, device in self.devices.items()},
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], site: Site, physics: Physics = AS_MODELLED) -> Self:
        """Go on where a snapshot was taken; assets that were added since then start afresh.

        Raises:
            ValueError: it is not a snapshot of this version.
        """
        devices = snapshot.get("devices")
        if not (snapshot.get("version") == SNAPSHOT_VERSION and isinstance(devices, Mapping)):
            raise ValueError(f"simulation: snapshot must be of version {SNAPSHOT_VERSION}")
        world = cls(
            site=site,
            seed=int(number(snapshot, "seed")),
            start=datetime.fromtimestamp(number(snapshot, "time_s"), UTC),
            latitude=number(snapshot, "latitude"),
            longitude=number(snapshot, "longitude"),
            time_zone=str(snapshot.get("time_zone")),
            physics=physics,
        )
        world._time_s = number(snapshot, "time_s")
        for name, device in world.devices.items():
            state = devices.get(name)
            if isinstance(state, Mapping) and state.get("kind") == world._kind(name):
                device.restore(state)
        return world

    def _step_pv_and_batteries(
        self,
        measured: dict[str, Measurement],
        orders: Commands,
        drawn_kw: float,
        moment: Moment,
    ) -> None:
        """PV first, then batteries on what remains; PV gives way where the export limit would be passed."""
        panels = {name: device.step(orders.get(name), moment) for name, device in self._pvs.items()}
        offered_kw = -sum(panel.power_kw for panel in panels.values())
        for name, battery in self._batteries.items():
            power_kw = battery.settle(
                orders.get(name), drawn_kw - offered_kw, self.site.max_export_kw + offered_kw, moment.dt_h
            )
            measured[name] = battery.step(power_kw, moment)
            drawn_kw += power_kw
        allowed_kw = feed_in_allowance_kw(drawn_kw, self.site.max_export_kw)
        share = min(1.0, allowed_kw / offered_kw) if offered_kw > 0.0 else 1.0
        for name, panel in panels.items():
            measured[name] = Measurement(
                power_kw=panel.power_kw * share if panel.power_kw else 0.0,
                available_kw=panel.available_kw,
                running=panel.power_kw * share < 0.0,
            )

    def _load(self, start_s: float, end_s: float) -> tuple[float, dict[str, float]]:
        """Base load and spikes of the step, and the spikes by name."""
        base_kw = self._mean(lambda day: day.base_kw.integral, start_s, end_s)
        spikes: dict[str, float] = {}
        for day, from_s, until_s in self.days.between(start_s, end_s):
            for name, power_kw in day.spikes.by_name(from_s, until_s).items():
                spikes[name] = spikes.get(name, 0.0) + power_kw * (until_s - from_s) / (end_s - start_s)
        return base_kw + sum(spikes.values()), spikes

    def _mean(self, integral_of: Callable[[Any], Callable[[float], float]], start_s: float, end_s: float) -> float:
        total = 0.0
        for day, from_s, until_s in self.days.between(start_s, end_s):
            integral = integral_of(day)
            total += integral(until_s) - integral(from_s)
        return total / (end_s - start_s)

    def _cloudiness(self, time_s: float) -> float:
        day = self.days.day_at(time_s)
        clear = day.clear_per_kwp.at(time_s)
        return 1.0 - day.pv_per_kwp.at(time_s) / clear if clear > 0.0 else 0.0

    def _check(self, commands: Commands) -> None:
        for name, command_kw in commands.items():
            if name not in self.devices:
                raise ValueError(f"simulation: {name!r} is not an asset of this home")
            if command_kw is not None and not isfinite(command_kw):
                raise ValueError(f"{name}: command must be a finite power in kW, got {command_kw}")

    def _of_type[D: Device](self, device_type: type[D]) -> dict[str, D]:
        return {name: device for name, device in self.devices.items() if isinstance(device, device_type)}

    def _kind(self, name: str) -> str:
        asset = self.site.asset(name)
        return "" if asset is None else kind_of(asset)
