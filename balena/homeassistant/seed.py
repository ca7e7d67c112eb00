"""Before each start of Home Assistant: what it needs to live behind the stack's proxy and on its broker.

It writes only what is missing or the stack's own, and never replaces a file that can be read:

- `.storage/http`: the proxy's network is trusted. From YAML this would be a trial that ends after five minutes.
- `.storage/core.config_entries`: the broker, once; later only its password, when the secrets were rotated.
- `configuration.yaml` and what it includes; HEMS itself, as a link into the image.

Only the standard library: it runs with the image's Python, before Home Assistant.
"""

import argparse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
import importlib.util
from ipaddress import IPv4Network, ip_network
import json
import os
from pathlib import Path
import re
import secrets
import shutil
import socket
import struct
import sys
from typing import Any

HERE = Path(__file__).parent
STATE_FILE = ".hems-stack.json"
HTTP_VERSION = (2, 2)
"""Of .storage/http as 2026.10 reads it; later releases migrate it."""
ENTRIES_VERSION = (1, 5)
MQTT_ENTRY_VERSION = (2, 1)
_RTF_GATEWAY = 0x2

type Json = dict[str, Any]


def say(text: str) -> None:
    """For the container's log; never a secret."""
    print(f"seed: {text}", file=sys.stderr, flush=True)


def own_networks(routes: str) -> list[str]:
    """The networks that this container is directly on, from the text of /proc/net/route (little-endian hexadecimal)."""
    networks = []
    for line in routes.splitlines()[1:]:
        interface, destination, _, flags, *_, mask = line.split()[:8]
        if interface == "lo" or int(flags, 16) & _RTF_GATEWAY or int(mask, 16) == 0:
            continue
        address, netmask = (socket.inet_ntoa(struct.pack("<L", int(field, 16))) for field in (destination, mask))
        networks.append(str(IPv4Network(f"{address}/{netmask}")))
    return networks


def read(path: Path) -> Json | None:
    """The JSON object in a file, or None if there is none that can be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError, ValueError:
        return None
    return content if isinstance(content, dict) else None


def write(path: Path, content: Json) -> None:
    """All or nothing, also where the power fails; for the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def set_aside(path: Path, now: datetime) -> None:
    """Keep a file that Home Assistant could not use under another name."""
    if path.exists():
        aside = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}.unusable")
        path.rename(aside)
        say(f"{path.name} could not be used and was kept as {aside.name}")


def supported_http_version() -> int | None:
    """The major version of .storage/http that the installed Home Assistant reads; None if it cannot be told."""
    spec = importlib.util.find_spec("homeassistant")
    if spec is None or spec.origin is None:
        return None
    source = Path(spec.origin).parent / "components/http/config.py"
    found = (
        re.search(r"^STORAGE_VERSION: Final = (\d+)$", source.read_text("utf-8"), re.MULTILINE)
        if source.exists()
        else None
    )
    return int(found[1]) if found else None


def http_settings(networks: list[str], now: datetime, port: int, host: str | None) -> Json:
    """.storage/http of a home that has none."""
    stable = {
        **({"server_host": [host]} if host else {}),
        "server_port": port,
        "cors_allowed_origins": ["https://cast.home-assistant.io"],
        "use_x_forwarded_for": True,
        "trusted_proxies": networks,
        "login_attempts_threshold": 5,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": now.isoformat(),
        "error": None,
        "error_message": None,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    return {"version": HTTP_VERSION[0], "minor_version": HTTP_VERSION[1], "key": "http", "data": data}


def trusting(settings: Json, networks: list[str], ours: list[str]) -> bool:
    """Trust these networks, and no longer those that the stack had added and is not on any more; whether it changed."""
    changed = False
    for slot in (settings["data"].get("stable"), settings["data"].get("pending")):
        if not isinstance(slot, dict):
            continue
        before = slot.get("trusted_proxies") or []
        gone = {ip_network(network) for network in ours} - {ip_network(network) for network in networks}
        kept = [network for network in before if _network(network) not in gone]
        known = {_network(network) for network in kept}
        after = kept + [network for network in networks if ip_network(network) not in known]
        if after != before or not slot.get("use_x_forwarded_for"):
            slot.update(trusted_proxies=after, use_x_forwarded_for=True)
            changed = True
    return changed


def _network(text: object) -> object:
    try:
        return ip_network(str(text))
    except ValueError:
        return text


def seed_http(config: Path, state: Json, networks: list[str], now: datetime, port: int, host: str | None) -> None:
    """Let Home Assistant believe the proxy, and nobody else, about who is asking."""
    path = config / ".storage/http"
    settings = read(path)
    supported = supported_http_version()
    usable = settings is not None and isinstance(settings.get("data"), dict)
    if usable and supported is not None and settings is not None and settings.get("version", 0) > supported:
        say(f".storage/http is of version {settings['version']}, this Home Assistant reads {supported}")
        usable = False
    if not usable or settings is None:
        set_aside(path, now)
        write(path, http_settings(networks, now, port, host))
        say(f"wrote .storage/http, trusting {', '.join(networks) or 'no proxy'}")
    elif trusting(settings, networks, state.get("networks", [])):
        write(path, settings)
        say(f".storage/http trusts {', '.join(networks)} now")
    state["networks"] = networks


def mqtt_entry(host: str, port: int, password: str, now: datetime) -> Json:
    """Home Assistant's config entry for the stack's broker."""
    return {
        "created_at": now.isoformat(),
        "data": {"broker": host, "port": port, "username": "homeassistant", "password": password, "protocol": "5"},
        "disabled_by": None,
        "discovery_keys": {},
        "domain": "mqtt",
        "entry_id": secrets.token_hex(16),
        "minor_version": MQTT_ENTRY_VERSION[1],
        "modified_at": now.isoformat(),
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": host,
        "unique_id": None,
        "version": MQTT_ENTRY_VERSION[0],
    }


def seed_mqtt(config: Path, state: Json, host: str, port: int, password: str, now: datetime) -> None:
    """Connect Home Assistant with the broker once; who removes or replaces that entry has decided."""
    path = config / ".storage/core.config_entries"
    stored = read(path)
    if stored is None:
        set_aside(path, now)
        state.pop("mqtt", None)
        version, minor = ENTRIES_VERSION
        stored = {"version": version, "minor_version": minor, "key": "core.config_entries", "data": {"entries": []}}
    entries = stored["data"]["entries"]
    brokers = [entry for entry in entries if entry["domain"] == "mqtt"]
    ours = [entry for entry in brokers if _is_ours(entry, host)]
    if ours and (ours[0]["data"]["password"], ours[0]["data"]["port"]) != (password, port):
        ours[0].update(data=ours[0]["data"] | {"password": password, "port": port}, modified_at=now.isoformat())
        write(path, stored)
        say("the broker's new password is in its entry")
    elif not brokers and not state.get("mqtt"):
        entries.append(mqtt_entry(host, port, password, now))
        write(path, stored)
        say("Home Assistant will connect to the stack's broker")
    state["mqtt"] = True


def _is_ours(entry: Json, host: str) -> bool:
    """Whoever pointed the entry at another broker, or at another user, keeps it."""
    return (entry["data"].get("broker"), entry["data"].get("username")) == (host, "homeassistant")


def seed_files(config: Path, integration: Path) -> None:
    """The first configuration.yaml, and HEMS as it is in the image unless the user has put one there."""
    config.mkdir(parents=True, exist_ok=True)
    if not (config / "configuration.yaml").exists():
        (config / "themes").mkdir(exist_ok=True)
        for default in sorted((HERE / "defaults").glob("*.yaml")):
            if not (config / default.name).exists():
                shutil.copyfile(default, config / default.name)
        say("wrote configuration.yaml")
    link = config / "custom_components/hems"
    if link.is_dir() and not link.is_symlink():
        say("custom_components/hems is your own; updates of the stack do not reach it until you remove it")
        return
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink() or link.readlink() != integration:
        link.unlink(missing_ok=True)
        link.symlink_to(integration)


def parse(arguments: Iterable[str]) -> argparse.Namespace:
    """The command line; the defaults are the container's."""
    parser = argparse.ArgumentParser(prog="seed.py", description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--config", type=Path, default=Path("/config"))
    parser.add_argument("--secrets", type=Path, default=Path("/secrets"))
    parser.add_argument("--integration", type=Path, default=Path("/opt/hems/custom_components/hems"))
    parser.add_argument("--trust", action="append", metavar="NETWORK", help="instead of the container's own networks")
    parser.add_argument("--host", help="the address that Home Assistant listens on (default: all)")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--mqtt-host", default="mosquitto")
    parser.add_argument("--mqtt-port", type=int, default=1883)
    return parser.parse_args(list(arguments))


def main(arguments: Iterable[str], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Everything, in an order in which each start mends what the last one left half done."""
    options = parse(arguments)
    networks = options.trust or own_networks(Path("/proc/net/route").read_text("utf-8"))
    password = (options.secrets / "homeassistant/mqtt_password").read_text("utf-8").strip()
    seed_files(options.config, options.integration)
    state = read(options.config / STATE_FILE) or {}
    before = dict(state)
    seed_http(options.config, state, networks, now(), options.port, options.host)
    seed_mqtt(options.config, state, options.mqtt_host, options.mqtt_port, password, now())
    if state != before:
        write(options.config / STATE_FILE, state)


if __name__ == "__main__":
    main(sys.argv[1:])
