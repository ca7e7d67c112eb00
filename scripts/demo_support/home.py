"""HEMS in the demo: set up through its own flow, as a user would do it."""

import asyncio
from itertools import count
import json
from pathlib import Path
import time
from typing import Any

import aiohttp

from .server import Api, DemoError

DOMAIN = "hems"
DASHBOARD = "hems-home"
PLANNED = ("optimal", "feasible")
METERS = (
    "grid_import_energy",
    "grid_export_energy",
    "energy_produced",
    "energy_charged",
    "energy_discharged",
    "energy_consumed",
)
"""Translation keys of the sensors in kWh that the Energy dashboard is made of."""

_ids = count(1)


def set_speed(directory: Path, speed: float) -> None:
    """Change the speed of a simulated home that exists; Home Assistant must not be running."""
    path = directory / ".storage" / "core.config_entries"
    if not path.exists():
        return
    stored = json.loads(path.read_text())
    for entry in stored["data"]["entries"]:
        if entry["domain"] == DOMAIN:
            entry["data"]["simulation_speed"] = speed
    path.write_text(json.dumps(stored))


async def ensure_home(api: Api, speed: float) -> None:
    """Add the simulated home unless there is one; its dashboard is the first page, and its meters fill Energy."""
    if await api.rest("GET", f"config/config_entries/entry?domain={DOMAIN}"):
        return
    await _add_simulated_home(api, speed)
    async with api.websocket() as socket:
        await command(socket, "frontend/set_system_data", key="core", value={"default_panel": DASHBOARD})
        entities = await command(socket, "config/entity_registry/list")
        meters = [entity for entity in entities if entity["platform"] == DOMAIN and entity["translation_key"] in METERS]
        await command(socket, "energy/save_prefs", **energy_preferences(meters))


def energy_preferences(meters: list[dict[str, Any]]) -> dict[str, Any]:
    """The Energy dashboard of a home with one grid connection, one PV array and one battery."""
    of = {meter["translation_key"]: meter["entity_id"] for meter in meters}
    grid = {
        "type": "grid",
        "stat_energy_from": of["grid_import_energy"],
        "stat_energy_to": of["grid_export_energy"],
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
    }
    solar = {"type": "solar", "stat_energy_from": of["energy_produced"], "config_entry_solar_forecast": None}
    battery = {
        "type": "battery",
        "stat_energy_from": of["energy_discharged"],
        "stat_energy_to": of["energy_charged"],
    }
    devices = [
        {"stat_consumption": meter["entity_id"]} for meter in meters if meter["translation_key"] == "energy_consumed"
    ]
    return {"energy_sources": [grid, solar, battery], "device_consumption": devices}


async def command(socket: aiohttp.ClientWebSocketResponse, kind: str, **fields: Any) -> Any:
    """One websocket command; its result."""
    await socket.send_json({"id": next(_ids), "type": kind, **fields})
    answer = await socket.receive_json()
    if not answer["success"]:
        raise DemoError(f"Home Assistant refused {kind}: {answer['error']['message']}")
    return answer["result"]


async def _add_simulated_home(api: Api, speed: float) -> None:
    flow = await api.rest("POST", "config/config_entries/flow", {"handler": DOMAIN})
    await finish_simulated_home(api, flow, speed)


async def finish_simulated_home(api: Api, flow: dict[str, Any], speed: float) -> None:
    """From where the flow stands: menu, then the simulated home with its defaults."""
    while flow["type"] != "create_entry":
        path = f"config/config_entries/flow/{flow['flow_id']}"
        if flow["type"] == "menu":
            flow = await api.rest("POST", path, {"next_step_id": "simulated"})
        elif flow["type"] == "form" and not flow.get("errors"):
            flow = await api.rest("POST", path, _answers(flow["data_schema"], {"simulation_speed": speed}))
        else:
            raise DemoError(f"the set-up of HEMS stopped: {flow.get('reason') or flow.get('errors')}")


def _answers(fields: list[dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    """Each field's default, unless we want something else."""
    answers: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        if field.get("type") == "expandable":
            answers[name] = _answers(field["schema"], wanted)
        elif name in wanted:
            answers[name] = wanted[name]
        elif "default" in field:
            answers[name] = field["default"]
    return answers


async def first_plan(api: Api) -> dict[str, Any]:
    """The first plan that this start made: one that was kept from the last start does not count."""
    while True:
        answer = await api.rest("POST", f"services/{DOMAIN}/plan_now?return_response", {})
        plan = answer["service_response"]
        if plan["status"] in PLANNED:
            return {"status": plan["status"], "cost": round(plan["cost"], 4), "currency": plan["currency"]}
        await asyncio.sleep(0.2)


def seconds_since(start: float) -> float:
    """For the report."""
    return round(time.monotonic() - start, 2)
