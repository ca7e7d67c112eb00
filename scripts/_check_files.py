"""Check the files that no compiler reads: JSON, YAML, translations, versions, sizes. One line for each fault."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import subprocess
import sys
import tomllib
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components/hems"
MAX_COMMITTED_BYTES = 1_000_000


class _AnyTag(yaml.SafeLoader):
    """Lets Home Assistant's own tags (`!include`, `!secret`) pass."""


_AnyTag.add_multi_constructor("!", lambda *_: None)


def main() -> int:
    """Print every fault."""
    faults = [fault for check in (syntax, translations, icons, versions, sizes, secrets) for fault in check(_tracked())]
    print("\n".join(faults) or "files: ok")
    return 1 if faults else 0


def _tracked() -> list[Path]:
    """What git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).is_file()]


def syntax(files: list[Path]) -> Iterator[str]:
    """Every JSON and YAML file can be read."""
    for path in files:
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix in {".yaml", ".yml"}:
                list(yaml.load_all(path.read_text(), _AnyTag))
        except (ValueError, yaml.YAMLError) as error:
            yield f"{path.relative_to(ROOT)}: {error}"


def _keys(tree: Any, path: str = "") -> dict[str, str]:
    """Each leaf of a nested dict by its path."""
    if not isinstance(tree, dict):
        return {path: str(tree)}
    return {key: text for name, below in tree.items() for key, text in _keys(below, f"{path}.{name}").items()}


def translations(_: list[Path]) -> Iterator[str]:
    """English is the copy of strings.json; other languages have the same keys and the same placeholders."""
    source = json.loads((INTEGRATION / "strings.json").read_text())
    wanted = _keys(source)
    for path in sorted((INTEGRATION / "translations").glob("*.json")):
        texts = _keys(json.loads(path.read_text()))
        if path.stem == "en" and texts != wanted:
            yield "translations/en.json: differs from strings.json; copy it again"
        for key in sorted(wanted.keys() ^ texts.keys()):
            yield f"translations/{path.name}: {key} is {'missing' if key in wanted else 'not in strings.json'}"
        for key in wanted.keys() & texts.keys():
            if set(re.findall(r"{\w+}", wanted[key])) != set(re.findall(r"{\w+}", texts[key])):
                yield f"translations/{path.name}: {key} has other placeholders than strings.json"


def icons(_: list[Path]) -> Iterator[str]:
    """Icons and strings speak of the same entities."""
    strings = json.loads((INTEGRATION / "strings.json").read_text()).get("entity", {})
    shown = json.loads((INTEGRATION / "icons.json").read_text()).get("entity", {})
    for platform, entities in shown.items():
        for key in sorted(entities.keys() - strings.get(platform, {}).keys()):
            yield f"icons.json: {platform}.{key} is not in strings.json"


def versions(_: list[Path]) -> Iterator[str]:
    """One version everywhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    found = {
        "manifest.json": json.loads((INTEGRATION / "manifest.json").read_text())["version"],
        "addon/config.yaml": yaml.safe_load((ROOT / "addon/config.yaml").read_text())["version"],
        "balena.yml": yaml.safe_load((ROOT / "balena.yml").read_text())["version"],
        "the agent": _constant(ROOT / "balena/agent/hems_agent/rounds.py", "VERSION"),
        "the engine": _constant(INTEGRATION / "core/engine/__init__.py", "VERSION"),
    }
    for name, version in found.items():
        if version != project:
            yield f"{name}: version {version}, but pyproject.toml says {project}"


def _constant(path: Path, name: str) -> str:
    """The text that a module gives a name at its top."""
    found = re.search(rf'^{name}(?:: Final)? = "(.*)"$', path.read_text(), re.MULTILINE)
    return found[1] if found else "nowhere"


def sizes(files: list[Path]) -> Iterator[str]:
    """Nothing big is committed."""
    for path in files:
        if path.stat().st_size > MAX_COMMITTED_BYTES and path.name != "uv.lock":
            yield f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes is too big to commit"


def secrets(files: list[Path]) -> Iterator[str]:
    """Nothing that looks like a secret is committed."""
    secret = re.compile(r"(?i)(password|token|secret)\s*[:=]\s*[\"'][A-Za-z0-9_\-]{16,}[\"']")
    for path in files:
        if path.suffix in {".py", ".ts", ".yaml", ".yml", ".sh", ".json"} and "tests" not in path.parts:
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if secret.search(line):
                    yield f"{path.relative_to(ROOT)}:{number}: looks like a secret"


if __name__ == "__main__":
    sys.exit(main())
