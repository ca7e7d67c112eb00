"""What can be measured: one table of names, units and the range that a home can have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from ..model.grid_event import MOST_KW

COUNTER_KWH = 1e9
MONEY = 1e6

type Kind = Literal[
    "site",
    "grid",
    "load",
    "pv",
    "battery",
    "inverter",
    "ev",
    "ev_charger",
    "heat_pump",
    "hot_water",
    "appliance",
    "flexible_load",
    "meter",
    "sensor",
    "weather",
]
KINDS: tuple[str, ...] = get_args(Kind.__value__)
"""What an asset can be."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured quantity."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str


def _table(*rows: Quantity) -> Mapping[str, Quantity]:
    return {row.name: row for row in rows}


QUANTITIES = _table(
    Quantity("power_kw", "kW", -MOST_KW, MOST_KW, "Positive draws from the home's bus (a grid: imports)"),
    Quantity("power_l1_kw", "kW", -MOST_KW, MOST_KW, "Of the first phase"),
    Quantity("power_l2_kw", "kW", -MOST_KW, MOST_KW, "Of the second phase"),
    Quantity("power_l3_kw", "kW", -MOST_KW, MOST_KW, "Of the third phase"),
    Quantity("setpoint_kw", "kW", -MOST_KW, MOST_KW, "The power that was commanded last"),
    Quantity("available_kw", "kW", 0.0, MOST_KW, "What an array could give"),
    Quantity("reactive_power_kvar", "kvar", -MOST_KW, MOST_KW, "Reactive power"),
    Quantity("power_factor", "", -1.0, 1.0, "Real over apparent power"),
    Quantity("energy_kwh", "kWh", 0.0, COUNTER_KWH, "Stored now: in a battery or a car"),
    Quantity("imported_kwh", "kWh", 0.0, COUNTER_KWH, "Counter of what was drawn"),
    Quantity("exported_kwh", "kWh", 0.0, COUNTER_KWH, "Counter of what was given"),
    Quantity("voltage_v", "V", 0.0, 2000.0, "Voltage"),
    Quantity("voltage_l1_v", "V", 0.0, 2000.0, "Of the first phase"),
    Quantity("voltage_l2_v", "V", 0.0, 2000.0, "Of the second phase"),
    Quantity("voltage_l3_v", "V", 0.0, 2000.0, "Of the third phase"),
    Quantity("current_a", "A", -5000.0, 5000.0, "Current"),
    Quantity("current_l1_a", "A", -5000.0, 5000.0, "Of the first phase"),
    Quantity("current_l2_a", "A", -5000.0, 5000.0, "Of the second phase"),
    Quantity("current_l3_a", "A", -5000.0, 5000.0, "Of the third phase"),
    Quantity("frequency_hz", "Hz", 0.0, 100.0, "Of the grid"),
    Quantity("soc_percent", "%", 0.0, 100.0, "State of charge"),
    Quantity("soh_percent", "%", 0.0, 120.0, "State of health"),
    Quantity("cycles", "", 0.0, 1e6, "Full cycles of a battery"),
    Quantity("temperature_degc", "°C", -60.0, 400.0, "Of rooms, water or cells"),
    Quantity("outdoor_degc", "°C", -90.0, 70.0, "Of the air outside"),
    Quantity("humidity_percent", "%", 0.0, 100.0, "Relative humidity"),
    Quantity("irradiance_w_m2", "W/m²", 0.0, 2000.0, "Of the sun"),
    Quantity("flow_l_min", "l/min", 0.0, 10000.0, "Of water"),
    Quantity("connected", "", 0.0, 1.0, "1: a car is plugged in"),
    Quantity("running", "", 0.0, 1.0, "1: a programme is under way"),
    Quantity("import_price_per_kwh", "currency/kWh", -1000.0, 1000.0, "Of energy bought now"),
    Quantity("export_price_per_kwh", "currency/kWh", -1000.0, 1000.0, "Of energy sold now"),
    Quantity("import_cost", "currency", -MONEY, MONEY, "Counter of what imports have cost"),
    Quantity("export_revenue", "currency", -MONEY, MONEY, "Counter of what exports have earned"),
    Quantity("cost_today", "currency", -MONEY, MONEY, "Imports minus earnings of the local day so far"),
    Quantity("saving_today", "currency", -MONEY, MONEY, "What HEMS was worth on the local day so far"),
    Quantity("co2_kg", "kg", 0.0, 1e9, "Counter of the CO2 of imports"),
    Quantity("co2_kg_per_kwh", "kg/kWh", 0.0, 10.0, "Of energy drawn from the grid now"),
)
"""By name; nothing else is accepted."""


class Measured:
    """Marks a mapping of quantity to value; checked by the table without running any Python."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Every quantity may be absent, none may be unknown or outside its range."""
        del source, handler
        return core_schema.typed_dict_schema(
            {
                row.name: core_schema.typed_dict_field(
                    core_schema.float_schema(ge=row.low, le=row.high, strict=True, allow_inf_nan=False),
                    required=False,
                    metadata={"pydantic_js_updates": {"description": f"{row.meaning} [{row.unit or '1'}]"}},
                )
                for row in QUANTITIES.values()
            },
            extra_behavior="forbid",
        )
