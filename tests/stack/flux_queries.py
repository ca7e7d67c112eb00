"""Queries of the dashboards as Grafana sends them: with what a reader has chosen in the place of its variables."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import shutil
import subprocess
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "balena/grafana/dashboards"
DASHBOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
PARSER = Path(__file__).parent / "flux"
START, STOP = "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"
_TREES: dict[str, dict[str, Any]] = {}
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Those that show something."""
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def queries(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every query of a dashboard, with what asks it."""
    for variable in dashboard["templating"]["list"]:
        yield f"variable {variable['name']}", variable["query"]["query"]
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["query"]
    for annotation in dashboard["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["target"]["query"]


def chosen_in(query: str, chosen: Mapping[str, list[str]], bucket: str = "hems") -> str:
    """As Grafana's page fills it; a variable that is not chosen has all its values."""

    def value(found: re.Match[str]) -> str:
        name, form = found.groups()
        if name in {"bucket", "__timezone"}:
            return {"bucket": bucket, "__timezone": "Europe/Berlin"}[name]
        values = chosen.get(name)
        if values is None:
            return ".*"
        if form == "csv":
            return ",".join(values)
        assert form == "regex", f"{found[0]}: without a form, several values would be written as a glob"
        escaped = [re.sub(r"[\\^$*+?.()|[\]{}/]", r"\\\g<0>", each) for each in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"

    return _VARIABLE.sub(value, query)


def filled(
    query: str,
    chosen: Mapping[str, list[str]] | None = None,
    *,
    start: str = START,
    stop: str = STOP,
    window: str = "5m0s",
) -> str:
    """As it arrives at InfluxDB: Grafana's server has put in what it knows."""
    text = chosen_in(query, chosen or {})
    for name, said in (("timeRangeStart", start), ("timeRangeStop", stop), ("windowPeriod", window)):
        text = text.replace(f"v.{name}", said)
    return text.replace("v.defaultBucket", '"hems"')


def parsed(texts: list[str]) -> list[dict[str, Any]]:
    """Whether each is valid Flux, and its syntax tree."""
    if shutil.which("node") is None or not (PARSER / "node_modules").is_dir():
        import pytest

        pytest.skip("node or InfluxData's parser is missing: scripts/setup --node")
    answer = subprocess.run(
        ["node", PARSER / "parse.cjs"], input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(answer.stdout)


def tree(text: str) -> dict[str, Any]:
    """The syntax tree of one query, which must be valid."""
    if not _TREES:  # all at once: most of the time goes into starting node
        texts = [filled(query) for dashboard in DASHBOARDS.values() for _, query in queries(dashboard)]
        _TREES.update(zip(texts, parsed(texts), strict=True))
    if text not in _TREES:
        (_TREES[text],) = parsed([text])
    assert _TREES[text]["valid"], text
    return _TREES[text]["ast"]
