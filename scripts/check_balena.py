"""Check the stack's compose file and Dockerfiles for what balena's own parser lets through. One line for each fault.

    scripts/check_balena.py [docker-compose.yml]

balena's parser refuses bind mounts, undeclared volumes, secrets, profiles and unknown keys; it takes silently what its
devices then ignore or refuse (logging, env_file, ${VAR}, a misspelt restart policy), and it has no opinion about
memory, health checks, rights and tags. Home rules, with their reasons, are in docs/adr.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
import re
import sys
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SCHEMA = "2.4"
KEYS = {
    *(
        "build",
        "cap_add",
        "cap_drop",
        "command",
        "cpu_shares",
        "depends_on",
        "entrypoint",
        "environment",
        "healthcheck",
        "image",
    ),
    *("labels", "mem_limit", "network_mode", "ports", "read_only", "restart", "security_opt", "stop_grace_period"),
    *("sysctls", "tmpfs", "ulimits", "user", "volumes"),
}
"""Of a service; what else balena knows (privileged, devices, pid, …) is not wanted here."""
UNWANTED = {
    "devices": "where the device is absent the service does not start",
    "device_cgroup_rules": "balena's parser takes it and its Supervisor ignores it",
    "privileged": "the service would be root of the board",
}
"""Why not, where somebody is likely to try: docs/adr/0005."""
RESTARTS = {"no", "always", "on-failure", "unless-stopped"}
PUBLISHED = {80, 443, 8883}
LABELS = {
    "agent": {"io.balena.features.supervisor-api": "1"},
    "wifi-repeater": {"io.balena.features.dbus": "1"},
}
"""Labels that hand over a part of the device, by the only service that may have each."""
CAPABILITIES = {
    "init": {"CHOWN", "DAC_OVERRIDE", "FOWNER"},
    "agent": {"CHOWN", "SETGID", "SETUID"},
}
MAY_BE_ROOT = {"init", "agent", "homeassistant"}
"""Beside the volume of everybody's secrets: two make them, and the third has none there that are not root's."""
MEMORY_MB = 1650
"""2048, less 76 for the GPU and about 320 for balenaOS and its Supervisor."""
FIRST = ("mosquitto", "agent", "homeassistant")
"""Who goes before all others while the cores are busy: loses messages otherwise, or commands the home."""
USUAL_SHARES = 1024
_SUBSTITUTION = re.compile(r"\$(\{|[A-Za-z_])")
_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key)")
_EXACT_TAG = re.compile(r"v?\d+\.\d+\.\d+[A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?")
_MEMORY = re.compile(r"(\d+)([mg])")


def main(arguments: list[str]) -> int:
    """Print every fault."""
    path = Path(arguments[0]) if arguments else ROOT / "docker-compose.yml"
    faults = list(check(path.read_text("utf-8"), path.parent))
    print("\n".join(faults) or "balena: ok")
    return 1 if faults else 0


def check(text: str, folder: Path) -> Iterator[str]:
    """All faults of a compose file and of the Dockerfiles that it names."""
    compose = yaml.safe_load(text)
    for number, line in enumerate(text.splitlines(), 1):
        if _SUBSTITUTION.search(line.partition(" #")[0].replace("$$", "")):
            yield f"line {number}: balena substitutes no variables"
    if compose.get("version") != SCHEMA:
        yield f'version must be "{SCHEMA}", got {compose.get("version")!r}'
    for key in sorted(compose.keys() - {"version", "services", "volumes"}):
        yield f"{key}: not used here, or not known to balena"
    volumes = compose.get("volumes") or {}
    for name, volume in volumes.items():
        if volume:
            yield f"volumes.{name}: must be empty; balena makes it"
    services = compose["services"]
    for name, service in services.items():
        for fault in _service(name, service, volumes, folder):
            yield f"{name}: {fault}"
    yield from _precedence(services)
    lasting = [service for service in services.values() if service.get("restart") != "no"]
    total = sum(_megabytes(service.get("mem_limit")) for service in lasting)
    if total > MEMORY_MB:
        yield f"all services may use {total} MB together, a Raspberry Pi with 2 GB has {MEMORY_MB}"


def _precedence(services: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    shares = {name: service.get("cpu_shares", USUAL_SHARES) for name, service in services.items()}
    others = {name: share for name, share in shares.items() if name not in FIRST}
    for name in FIRST:
        before = sorted(other for other, share in others.items() if share >= shares.get(name, 0))
        if before:
            yield f"{name}: cpu_shares: does not go before {', '.join(before)}"


def _service(name: str, service: Mapping[str, Any], volumes: Mapping[str, Any], folder: Path) -> Iterator[str]:
    for key in sorted(service.keys() - KEYS):
        yield f"{key}: {UNWANTED.get(key, 'not known to balena, or not wanted here')}"
    yield from _life(service)
    yield from _rights(name, service)
    yield from _mounts(service, volumes)
    if name not in MAY_BE_ROOT and "user" not in service and "secrets" in _sources(service):
        yield "volumes: secrets, and no user: root would read what is Home Assistant's"
    yield from _environment(service)
    yield from _image(service, folder)
    for port in service.get("ports", []):
        published = str(port).split(":")
        if len(published) != 2 or not published[0].isdecimal() or int(published[0]) not in PUBLISHED:
            yield f"ports: {port!r} is not one of {sorted(PUBLISHED)}, as outside:inside"


def _life(service: Mapping[str, Any]) -> Iterator[str]:
    restart = service.get("restart")
    if restart not in RESTARTS:
        yield f"restart: must be one of {sorted(RESTARTS)}, got {restart!r}"
    if _megabytes(service.get("mem_limit")) == 0:
        yield "mem_limit: missing, or not like 32m"
    check_health = service.get("healthcheck") or {}
    if restart != "no" and ("test" not in check_health or check_health.get("disable")):
        yield "healthcheck: missing"
    depends = service.get("depends_on", [])
    if not isinstance(depends, list):
        yield "depends_on: must be a list; balena waits for no condition"


def _rights(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    if service.get("cap_drop") != ["ALL"]:
        yield "cap_drop: must be [ALL]"
    for capability in sorted(set(service.get("cap_add", [])) - CAPABILITIES.get(name, set())):
        yield f"cap_add: {capability} is not needed by this service"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "security_opt: no-new-privileges:true is missing"
    if not service.get("read_only") and name != "homeassistant":
        yield "read_only: missing"
    if service.get("network_mode", "none") != "none":
        yield f"network_mode: {service['network_mode']} opens every port of the service"
    labels = service.get("labels", {})
    if not isinstance(labels, dict):
        yield "labels: must be a mapping"
        return
    for label, value in labels.items():
        if not isinstance(value, str):
            yield f"labels: {label} must be a string, got {value!r}"
        elif LABELS.get(name, {}).get(label) != value:
            yield f"labels: {label} is not for this service"


def _sources(service: Mapping[str, Any]) -> set[str]:
    return {mount.partition(":")[0] for mount in service.get("volumes", []) if isinstance(mount, str)}


def _mounts(service: Mapping[str, Any], volumes: Mapping[str, Any]) -> Iterator[str]:
    for mount in service.get("volumes", []):
        source = str(mount).partition(":")[0] if isinstance(mount, str) else ""
        if source not in volumes:
            yield f"volumes: {mount!r} is no declared volume"
    for mount in service.get("tmpfs", []):
        # The Supervisor compares paths only; options would make it recreate the container for ever.
        if ":" in str(mount):
            yield f"tmpfs: {mount!r} has options"


def _environment(service: Mapping[str, Any]) -> Iterator[str]:
    environment = service.get("environment", {})
    if not isinstance(environment, dict):
        yield "environment: must be a mapping"
        return
    for key, value in environment.items():
        if not isinstance(value, str):
            yield f"environment: {key} must be a string, got {value!r}"
        elif _SECRET_NAME.search(key) and value and not value.startswith("/secrets/"):
            yield f"environment: {key} has a value that every home would share"


def _image(service: Mapping[str, Any], folder: Path) -> Iterator[str]:
    if "image" in service:
        yield from _tag(str(service["image"]))
    build = service.get("build")
    if build is None:
        if "image" not in service:
            yield "has neither image nor build"
        return
    dockerfile = folder / build.get("context", ".") / build.get("dockerfile", "Dockerfile")
    if not dockerfile.exists():
        yield f"build: there is no {dockerfile.relative_to(folder)}"
        return
    yield from dockerfile_faults(dockerfile.read_text("utf-8"))


def dockerfile_faults(text: str) -> Iterator[str]:
    """Images without an exact tag, and secrets laid into an image."""
    stages = set()
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["FROM"]:
            names = [word for word in words[1:] if not word.startswith("--")]
            if names[0] not in stages:
                yield from _tag(names[0])
            stages |= {names[2]} if len(names) > 2 else set()
        for source in re.findall(r"--from=(\S+)", line):
            if source not in stages:
                yield from _tag(source)
        if words[:1] in (["ENV"], ["ARG"]):
            for key, value in re.findall(r"([A-Z][A-Z0-9_]*)=(\S+)", line):
                if _SECRET_NAME.search(key) and not value.strip("\"'").startswith("/secrets/"):
                    yield f"Dockerfile: {key} would be a secret that every home shares"


def _tag(image: str) -> Iterator[str]:
    name, _, tag = image.partition(":")
    if not _EXACT_TAG.fullmatch(tag):
        yield f"image: {name} needs an exact version as its tag, got {tag or 'none'!r}"


def _megabytes(limit: object) -> int:
    found = _MEMORY.fullmatch(str(limit))
    return int(found[1]) * (1024 if found[2] == "g" else 1) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
