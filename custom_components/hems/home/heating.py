"""Heat pumps with their buildings, and hot-water tanks."""

from collections.abc import Mapping
from typing import Any

from ..core.model import (
    Asset,
    Building,
    ComfortBand,
    ComfortPeriod,
    CopPoint,
    HeatPump,
    HotWater,
    LegionellaCycle,
    ThermalMass,
)
from .reader import Reader
from .shared import phase_of

COP_FIELDS: Mapping[str, float] = {"cop_at_minus_7": -7.0, "cop_at_2": 2.0, "cop_at_7": 7.0, "cop_at_15": 15.0}
"""Fields of a heat pump's COP curve and their outdoor temperatures: the points of EN 14511 and EN 14825."""
DAILY_HOT_WATER_KWH = 6.0
"""Three to four people (VDI 6002 gives about 1.5 to 2 kWh a head)."""
DAY_MIN = 24 * 60
SMALLEST_SHARE = 0.01
"""Of the heat capacity, on either side of a division."""


def heat_pump(name: str, fields: Reader) -> Asset:
    """A heat pump and its building."""
    points = tuple(_cop_point(fields, field) for field in COP_FIELDS if fields.has(field))
    curve: dict[str, Any] = {"cop": points} if points else {}
    return HeatPump(
        name=name,
        max_electric_kw=fields.number("max_electric_kw"),
        building=_building(fields),
        comfort=_comfort(fields),
        min_on_s=_least_s(fields, "min_on_min"),
        min_off_s=_least_s(fields, "min_off_min"),
        **fields.given(fields.number, "min_electric_kw", "start_price"),
        **curve,
        **phase_of(fields),
    )


def hot_water(name: str, fields: Reader) -> Asset:
    """A tank and its heater."""
    optional = ("min_electric_kw", "cop", "heat_loss_kw_per_k", "ambient_c", "start_price")
    return HotWater(
        name=name,
        volume_l=fields.number("volume_l"),
        max_electric_kw=fields.number("max_electric_kw"),
        comfort=_comfort(fields),
        legionella=_legionella(fields),
        **fields.given(fields.number, *optional),
        **phase_of(fields),
    )


def parse_daily_hot_water(fields: Reader) -> float:
    """Heat drawn from a tank on an ordinary day, in kWh."""
    return fields.number_within("daily_use_kwh", 0.0) if fields.has("daily_use_kwh") else DAILY_HOT_WATER_KWH


def _building(fields: Reader) -> Building:
    """One zone, or rooms with the slower mass of walls, floors and screed beside them."""
    capacity, mass = fields.number("heat_capacity_kwh_per_k"), None
    if fields.have("mass_share", "mass_coupling_kw_per_k"):
        share = fields.number_within("mass_share", SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
        mass = ThermalMass(
            heat_capacity_kwh_per_k=share * capacity, coupling_kw_per_k=fields.number("mass_coupling_kw_per_k")
        )
        capacity -= mass.heat_capacity_kwh_per_k
    return Building(
        heat_loss_kw_per_k=fields.number("heat_loss_kw_per_k"),
        heat_capacity_kwh_per_k=capacity,
        mass=mass,
        **fields.given(fields.number, "gains_kw"),
    )


def _cop_point(fields: Reader, field: str) -> CopPoint:
    cop = fields.number(field)
    try:
        return CopPoint(outdoor_c=COP_FIELDS[field], cop=cop)
    except ValueError as error:
        raise fields.wrong(field, str(error).removeprefix("cop: cop ")) from error


def _least_s(fields: Reader, field: str) -> int:
    """How long it stays on, or off; 0 where that does not matter."""
    if not fields.has(field):
        return 0
    minutes = fields.number_within(field, 0.0, DAY_MIN)
    if minutes > 0.0 and not (fields.has("min_electric_kw") and fields.number("min_electric_kw") > 0.0):
        raise fields.wrong(field, "needs a min_electric_kw above 0, which tells on from off")
    return round(minutes * 60.0)


def _comfort(fields: Reader) -> ComfortBand:
    price: dict[str, Any] = {}
    if fields.has("comfort_price_per_kh"):
        price["price_per_kh"] = fields.number("comfort_price_per_kh")
    band = ComfortBand(min_c=fields.number("comfort_min_c"), max_c=fields.number("comfort_max_c"), **price)
    if not fields.have("night_from", "night_until", "night_min_c"):
        return band
    night_c = fields.number("night_min_c")
    if night_c > band.max_c:
        raise fields.wrong("night_min_c", f"({night_c:g}) must not exceed comfort_max_c ({band.max_c:g})")
    night = ComfortPeriod(
        start=fields.clock("night_from"), end=fields.clock("night_until"), min_c=night_c, max_c=band.max_c
    )
    return ComfortBand(min_c=band.min_c, max_c=band.max_c, periods=(night,), **price)


def _legionella(fields: Reader) -> LegionellaCycle | None:
    if not fields.has("legionella") or not fields.flag("legionella"):
        return None
    given = fields.given(fields.number, "legionella_temperature_c", "legionella_every_days")
    return LegionellaCycle(**{field.removeprefix("legionella_"): value for field, value in given.items()})
