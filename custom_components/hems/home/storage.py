"""Batteries, PV arrays and the hybrid inverters that they may share."""

from dataclasses import dataclass
from datetime import time

from ..const import CONF_INVERTER
from ..core.model import Asset, Battery, HybridInverter, PowerPoint, Pv
from .reader import Reader
from .shared import phase_of

NEAREST_END = 0.01
"""A curve between two points needs some way between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """How a PV array stands, for its forecast."""

    tilt_deg: float = 35.0
    """From horizontal."""
    azimuth_deg: float = 180.0
    """Clockwise from north: south is 180."""

    def __post_init__(self) -> None:
        _between("tilt_deg", self.tilt_deg, 0.0, 90.0)
        _between("azimuth_deg", self.azimuth_deg, 0.0, 360.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTarget:
    """How full a battery is to be at a time of each day."""

    clock: time
    """Local."""
    soc: float


def pv(name: str, fields: Reader) -> Asset:
    """A PV array."""
    return Pv(
        name=name,
        peak_kw=fields.number("peak_kw"),
        **fields.given(fields.flag, "curtailable"),
        **fields.given(fields.text, CONF_INVERTER),
        **phase_of(fields),
    )


def parse_panels(fields: Reader) -> Panels:
    """How the array of a PV asset stands."""
    return fields.build(lambda: Panels(**fields.given(fields.number, "tilt_deg", "azimuth_deg")))


def inverter(name: str, fields: Reader) -> Asset:
    """A hybrid inverter."""
    return HybridInverter(
        name=name,
        max_ac_kw=fields.number("max_ac_kw"),
        **fields.given(fields.number, "max_ac_charge_kw", "efficiency"),
        **phase_of(fields),
    )


def battery(name: str, fields: Reader) -> Asset:
    """A stationary battery."""
    optional = ("charge_efficiency", "discharge_efficiency", "min_soc", "reserve_soc", "max_soc", "wear_per_kwh")
    return Battery(
        name=name,
        capacity_kwh=fields.number("capacity_kwh"),
        max_charge_kw=fields.number("max_charge_kw"),
        max_discharge_kw=fields.number("max_discharge_kw"),
        charge_curve=_charge_curve(fields),
        discharge_curve=_discharge_curve(fields),
        **fields.given(fields.number, *optional),
        **fields.given(fields.flag, "may_export", "may_charge_ev"),
        **fields.given(fields.text, CONF_INVERTER),
        **phase_of(fields),
    )


def parse_daily_target(fields: Reader) -> DailyTarget | None:
    """What is wanted of a battery each day; None: nothing."""
    if not fields.have("target_soc", "target_by"):
        return None
    soc = fields.number_within("target_soc", 0.0, 1.0)
    if fields.has("max_soc") and soc > (most := fields.number("max_soc")):
        raise fields.wrong("target_soc", f"({soc:g}) must not exceed max_soc ({most:g})")
    return DailyTarget(clock=fields.clock("target_by"), soc=soc)


def _charge_curve(fields: Reader) -> tuple[PowerPoint, ...]:
    """Full power up to a charge, from there evenly less to what it takes just before it is full."""
    if not fields.have("full_power_up_to_soc", "power_when_full_kw"):
        return ()
    soc = fields.number_within("full_power_up_to_soc", 0.0, 1.0 - NEAREST_END)
    return (
        PowerPoint(soc=soc, max_kw=fields.number("max_charge_kw")),
        PowerPoint(soc=1.0, max_kw=_narrowed(fields, "power_when_full_kw", "max_charge_kw")),
    )


def _discharge_curve(fields: Reader) -> tuple[PowerPoint, ...]:
    """What it gives just before it is empty, from there evenly more to full power at a charge."""
    if not fields.have("full_power_down_to_soc", "power_when_empty_kw"):
        return ()
    soc = fields.number_within("full_power_down_to_soc", NEAREST_END, 1.0)
    return (
        PowerPoint(soc=0.0, max_kw=_narrowed(fields, "power_when_empty_kw", "max_discharge_kw")),
        PowerPoint(soc=soc, max_kw=fields.number("max_discharge_kw")),
    )


def _narrowed(fields: Reader, field: str, full: str) -> float:
    power_kw, full_kw = fields.number_within(field, 0.0), fields.number(full)
    if power_kw > full_kw:
        raise fields.wrong(field, f"({power_kw:g}) must not exceed {full} ({full_kw:g})")
    return power_kw


def _between(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"panels: {field} must be between {low:g} and {high:g}, got {value:g}")
