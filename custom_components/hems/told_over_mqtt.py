"""The latest moment of a home as measurements for MQTT."""

from collections.abc import Iterator, Mapping

from .accounts import Accounts
from .core.exchange import QUANTITIES, Telemetry
from .core.model import Plan, kind_of
from .home import Home
from .runtime import AssetReading, Live

type Values = dict[str, float | bool | None]


def telemetry_of(
    home: Home, ids: Mapping[str, str], site: str, live: Live, plan: Plan | None, accounts: Accounts
) -> Iterator[tuple[str, Telemetry]]:
    """By id: each asset, the grid connection, the load and the site; what is not known is left out."""
    slot = plan.horizon.index_at(live.at) if plan else None
    prices: Values = {}
    if plan is not None and slot is not None:
        prices = {
            "import_price_per_kwh": plan.import_price_per_kwh[slot],
            "export_price_per_kwh": plan.export_price_per_kwh[slot],
        }
    parts: list[tuple[str, str, Values]] = [
        ("grid", "grid", {"power_kw": live.grid_kw, **live.grid_recorded, **_counters(accounts, "grid")}),
        ("load", "load", {"power_kw": live.load_kw, "imported_kwh": accounts.energy_kwh("load", "in")}),
        ("site", "site", {"outdoor_degc": live.outdoor_c, **prices, **_money(accounts)}),
    ]
    for asset in home.site.assets:
        reading = live.assets.get(asset.name)
        if reading is not None:
            parts.append((ids[asset.name], kind_of(asset), {**_values(reading), **_counters(accounts, asset.name)}))
    for key, kind, values in parts:
        known = {name: float(value) for name, value in values.items() if value is not None and _fits(name, value)}
        if known:
            yield key, Telemetry(time=live.at, site=site, kind=kind, values=known)  # type: ignore[arg-type]  # of KINDS


def _counters(accounts: Accounts, of: str) -> Values:
    return {"imported_kwh": accounts.energy_kwh(of, "in"), "exported_kwh": accounts.energy_kwh(of, "out")}


def _money(accounts: Accounts) -> Values:
    return {"cost_today": accounts.today.cost, "saving_today": accounts.today.saving}


def _values(reading: AssetReading) -> Values:
    return {
        "power_kw": reading.power_kw,
        "setpoint_kw": reading.setpoint_kw,
        "energy_kwh": reading.energy_kwh,
        "soc_percent": None if reading.soc is None else round(100.0 * reading.soc, 3),
        "connected": reading.connected,
        "running": reading.running,
        "temperature_degc": reading.temperature_c,
        **reading.recorded,
    }


def _fits(name: str, value: float) -> bool:
    """What nobody could read is not said: a broken sensor must not silence the others."""
    quantity = QUANTITIES[name]
    return quantity.low <= value <= quantity.high
