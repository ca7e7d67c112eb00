"""A complete example home."""

from collections.abc import Mapping
from datetime import datetime

from ..model import (
    Appliance,
    Battery,
    Building,
    ComfortBand,
    CopPoint,
    EvCharger,
    HeatPump,
    HotWater,
    Pv,
    Site,
)
from .physics import AS_MODELLED, Physics
from .world import World

DEFAULT_NAMES: Mapping[str, str] = {
    name: name for name in ("pv", "battery", "ev", "heat_pump", "hot_water", "dishwasher")
}


def example_site(time_zone: str = "Europe/Berlin", names: Mapping[str, str] = DEFAULT_NAMES) -> Site:
    """5 kWp PV, a 10 kWh battery, an EV, a heat pump, 200 l of hot water and a dishwasher; 25 A three-phase.

    `names` gives the asset called e.g. `ev` another name; what it leaves out keeps its own.
    """
    called = {**DEFAULT_NAMES, **names}
    return Site(
        name="Simulated home",
        time_zone=time_zone,
        max_import_kw=17.25,
        max_export_kw=10.0,
        assets=(
            Pv(name=called["pv"], peak_kw=5.0),
            Battery(name=called["battery"], capacity_kwh=10.0, max_charge_kw=5.0, max_discharge_kw=5.0, min_soc=0.05),
            EvCharger(name=called["ev"], min_current_a=6.0, max_current_a=16.0, phases=(1, 3)),
            _heat_pump(called["heat_pump"]),
            HotWater(
                name=called["hot_water"],
                volume_l=200.0,
                max_electric_kw=0.7,
                cop=2.8,
                heat_loss_kw_per_k=0.0018,
                comfort=ComfortBand(min_c=45.0, max_c=58.0, price_per_kh=0.1),
            ),
            Appliance(
                name=called["dishwasher"], profile_kw=(0.2, 1.9, 0.15, 0.15, 1.6, 0.1, 0.05, 0.05), profile_step_s=900
            ),
        ),
    )


def _heat_pump(name: str) -> HeatPump:
    """A renovated house that needs about 5 kW of heat at -5 degC."""
    return HeatPump(
        name=name,
        min_electric_kw=0.6,
        max_electric_kw=3.0,
        cop=(
            CopPoint(outdoor_c=-10.0, cop=2.4),
            CopPoint(outdoor_c=-2.0, cop=3.0),
            CopPoint(outdoor_c=7.0, cop=4.0),
            CopPoint(outdoor_c=15.0, cop=5.0),
        ),
        building=Building(heat_loss_kw_per_k=0.2, heat_capacity_kwh_per_k=8.0, gains_kw=0.4),
        comfort=ComfortBand(min_c=20.0, max_c=24.0, price_per_kh=0.5),
    )


def simulated_home(
    *,
    seed: int,
    start: datetime,
    time_zone: str = "Europe/Berlin",
    latitude: float = 52.5,
    longitude: float = 13.4,
    names: Mapping[str, str] = DEFAULT_NAMES,
    physics: Physics = AS_MODELLED,
) -> tuple[Site, World]:
    """The example home and the world it stands in."""
    site = example_site(time_zone, names)
    world = World(site=site, seed=seed, start=start, latitude=latitude, longitude=longitude, physics=physics)
    return site, world
