"""What the images install comes as wheels for both architectures: nothing is compiled on a small computer."""

from importlib.metadata import distribution
from pathlib import Path
import tomllib

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename
import pytest

ROOT = Path(__file__).parents[2]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
PYTHON = (3, 14)
GLIBC_MINOR = 41
"""Of Debian 13, which the images are based on."""


def tags_of(machine: str) -> set[Tag]:
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR, 4, -1)]
    platforms += [f"manylinux2014_{machine}", f"manylinux1_{machine}", f"linux_{machine}"]
    return {*cpython_tags(PYTHON, platforms=platforms), *compatible_tags(PYTHON, "cp314", platforms)}


def installed(group: str, machine: str) -> dict[str, list[str]]:
    """Wheels by package: of the group and everything that it needs."""
    packages = {package["name"]: package for package in LOCK["package"]}
    environment = {"sys_platform": "linux", "platform_machine": machine, "python_full_version": "3.14.2"}
    environment |= {"platform_python_implementation": "CPython", "implementation_name": "cpython", "os_name": "posix"}
    waiting = [(need["name"], tuple(need.get("extra", ()))) for need in packages["hems"]["dev-dependencies"][group]]
    found: dict[str, list[str]] = {}
    while waiting:
        name, extras = waiting.pop()
        package = packages[name]
        is_new = name not in found
        found[name] = [wheel["url"].rsplit("/", 1)[1] for wheel in package.get("wheels", ())]
        needs = package.get("dependencies", []) if is_new else []
        needs = needs + [need for extra in extras for need in package.get("optional-dependencies", {}).get(extra, [])]
        waiting.extend(
            (need["name"], tuple(need.get("extra", ())))
            for need in needs
            if "marker" not in need or Marker(need["marker"]).evaluate(environment)
        )
    return found


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("group", ["engine", "agent", "stack"])
def test_every_package_has_a_wheel(group, machine):
    tags = tags_of(machine)
    without = [
        name
        for name, wheels in installed(group, machine).items()
        if not any(parse_wheel_filename(wheel)[3] & tags for wheel in wheels)
    ]
    assert without == []


def test_the_engine_brings_its_solver_and_the_agent_does_not():
    engine, agent = installed("engine", "x86_64"), installed("agent", "x86_64")
    assert {"cvxpy", "highspy", "scikit-learn", "scipy"} <= engine.keys()
    assert {"cvxpy", "numpy", "homeassistant"}.isdisjoint(agent)
    assert {"homeassistant", "voluptuous"}.isdisjoint(engine)


def test_a_package_without_a_wheel_would_be_noticed():
    wheel = "thing-1.0-cp314-cp314-musllinux_1_2_x86_64.whl"
    assert not parse_wheel_filename(wheel)[3] & tags_of("x86_64")


def test_the_packages_of_the_engine_leave_room_in_the_image_of_450_mb():
    # Python on Debian takes about 130 MB unpacked, the environment and what is estimated too low below 10 more.
    # Measured where the tests run, which is amd64 as a rule.
    sizes_mb = {
        name: sum(
            # The image has bytecode beside each source, nearly as large, and no tests.
            path.locate().stat().st_size * (2 if path.suffix == ".py" else 1)
            for path in distribution(name).files or ()
            if "tests" not in path.parts and path.suffix != ".pyc" and path.locate().is_file()
        )
        / 1e6
        for name in installed("engine", "x86_64")
    }
    assert sizes_mb["scipy"] > 30.0
    assert 200.0 < sum(sizes_mb.values()) < 450.0 - 140.0
