"""Grafana's JSON (schema 41): panels that place themselves in rows of 24 columns, variables, dashboards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import flux

type Json = dict[str, Any]

SOURCE = {"type": "influxdb", "uid": "hems"}
WIDTH = 24
SCHEMA = 41
NO_LEGEND: Json = {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []}
COLORS = {
    "pv": "#ff9800",
    "battery": "#26a69a",
    "grid": "#488fc2",
    "load": "#90a4ae",
    "ev": "#7cb342",
    "ev_charger": "#7cb342",
    "heat_pump": "#e5544f",
    "hot_water": "#d6588f",
    "appliance": "#a1765f",
    "flexible_load": "#b8a11a",
}
"""By kind, as on the cards in Home Assistant."""
EXPORT, GOOD, WARN, BAD = "#8353d1", "#43a047", "#ffa726", "#e5544f"
UNITS = {
    "_kw": "kwatt",
    "(?<!_per)_kwh": "kwatth",
    "_kvar": "voltampreact",
    "_v": "volt",
    "_a": "amp",
    "_hz": "hertz",
    "_percent": "percent",
    "_degc": "celsius",
    "_kg": "masskg",
    "_w_m2": "Wm2",
}
"""Grafana's units, by the end of a quantity's name; prices and money are numbers, but for panels of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel."""

    kind: str
    title: str
    says: str
    """What a reader must know to read it."""
    queries: Mapping[str, str]
    """By what the legend calls their values; without a name the data says it (see `flux.called`)."""
    width: int = 12
    height: int = 8
    unit: str = "none"
    colors: Mapping[str, str] = field(default_factory=dict)
    """By name in the legend."""
    steps: Sequence[tuple[float | None, str]] = ((None, "text"),)
    """Thresholds: from which value on which colour."""
    decimals: int | None = None
    repeat: str = ""
    """Variable whose every value gets a panel of its own."""
    options: Json = field(default_factory=dict)
    custom: Json = field(default_factory=dict)
    mappings: list[Json] = field(default_factory=list)
    overrides: list[Json] = field(default_factory=list)
    changes: list[Json] = field(default_factory=list)
    """Transformations of what the queries found."""
    links: list[Json] = field(default_factory=list)
    axis: str = ""
    unit_query: str = ""
    """Finds the unit in a column of that name, where only the data knows it: Grafana puts no variable into a unit."""

    def json(self, identity: int, x: int, y: int) -> Json:
        """As Grafana keeps it."""
        defaults: Json = {
            "unit": self.unit,
            "thresholds": {"mode": "absolute", "steps": [{"value": at, "color": color} for at, color in self.steps]},
            "color": {"mode": "palette-classic-by-name" if self.kind == "timeseries" else "thresholds"},
            "custom": self.custom | ({"axisLabel": self.axis} if self.axis else {}),
            "mappings": self.mappings,
            "links": self.links,
        }
        if self.decimals is not None:
            defaults["decimals"] = self.decimals
        made: Json = {
            "id": identity,
            "type": self.kind,
            "title": self.title,
            "description": self.says,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [
                {"refId": chr(ord("A") + number), "datasource": SOURCE, "query": query}
                for number, query in enumerate(self._asked())
            ],
            "interval": "10s",
            "fieldConfig": {"defaults": defaults, "overrides": [*self._names(), *self._tones(), *self.overrides]},
            "options": self.options,
            "transformations": [*self._found_unit(), *self.changes],
        }
        if self.repeat:
            made |= {"repeat": self.repeat, "repeatDirection": "h", "maxPerRow": WIDTH // self.width}
        return made

    def _asked(self) -> Iterable[str]:
        yield from self.queries.values()
        if self.unit_query:
            yield self.unit_query

    def _found_unit(self) -> Iterable[Json]:
        if self.unit_query:
            options = {"configRefId": chr(ord("A") + len(self.queries))}
            yield {
                "id": "configFromData",
                "options": options | {"mappings": [{"fieldName": "unit", "handlerKey": "unit"}]},
            }

    def _names(self) -> Iterable[Json]:
        for number, name in enumerate(self.queries):
            if name and self.kind != "table":
                yield override("byFrameRefID", chr(ord("A") + number), displayName=name)

    def _tones(self) -> Iterable[Json]:
        queries = list(self.queries)
        for name, color in self.colors.items():
            tone = {"mode": "fixed", "fixedColor": color}
            if name in queries:
                yield override("byFrameRefID", chr(ord("A") + queries.index(name)), color=tone)
            else:
                yield override("byName", name, color=tone)


def override(matcher: str, option: str, **properties: Any) -> Json:
    """Properties (a dot in a name is written as two underscores) of the fields that match."""
    told = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": {"id": matcher, "options": option}, "properties": told}


def lines(title: str, says: str, queries: Mapping[str, str] | str, **more: Any) -> Panel:
    """Values over time."""
    bars = more.pop("bars", False)
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1,
        "fillOpacity": 60 if bars else 10,
        "showPoints": "never",
        "spanNulls": 3_600_000,
        "stacking": {"mode": "none", "group": "A"},
    } | more.pop("custom", {})
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(
        kind="timeseries", title=title, says=says, queries=_named(queries), custom=custom, options=options, **more
    )


def number(title: str, says: str, query: str, **more: Any) -> Panel:
    """One number, the newest unless `calc` says otherwise."""
    options = {
        "reduceOptions": {"calcs": [more.pop("calc", "lastNotNull")], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area" if "windowPeriod" in query else "none",
        "textMode": "auto",
    }
    sized = {"width": 4, "height": 4} | more
    return Panel(kind="stat", title=title, says=says, queries={title: query}, options=options, **sized)


def table(title: str, says: str, queries: Mapping[str, str], **more: Any) -> Panel:
    """Rows."""
    return Panel(kind="table", title=title, says=says, queries=queries, options={"showHeader": True}, **more)


def _named(queries: Mapping[str, str] | str) -> Mapping[str, str]:
    return {"": queries} if isinstance(queries, str) else queries


@dataclass(frozen=True, slots=True)
class Row:
    """A heading; what follows stands below it."""

    title: str


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader can choose; filled by a query whenever the range changes."""

    name: str
    label: str
    query: str
    several: bool = True
    everything: str = ".*"
    """Stands for all values; without it they are listed, so that a home alone is known by its name."""

    def json(self) -> Json:
        """As Grafana keeps it."""
        made: Json = {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": SOURCE,
            "query": {"query": self.query, "refId": "InfluxVariableQueryEditor-VariableQuery"},
            "definition": self.query,
            "refresh": 2,
            "sort": 1,
            "multi": self.several,
            "includeAll": self.several,
            "hide": 0 if self.several else 2,
            "current": {"text": ["All"], "value": ["$__all"]} if self.several else {"text": "", "value": ""},
        }
        return made | ({"allValue": self.everything} if self.several and self.everything else {})


BUCKET = Variable("bucket", "Bucket", flux.BUCKET, several=False)
HOME = Variable("home", "Home", flux.tag_values("home"), everything="")
SITE = Variable("site", "Site", flux.tag_values("site", flux.one_of("home")))
ASSET = Variable(
    "asset",
    "Asset",
    flux.tag_values("asset", 'r._measurement == "telemetry"', flux.one_of("home"), flux.one_of("site")),
)
METRIC = Variable("metric", "Measurement", flux.FIELD_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard."""

    uid: str
    title: str
    says: str
    content: Sequence[Panel | Row]
    variables: Sequence[Variable] = (BUCKET, HOME, SITE, ASSET)
    start: str = "now-24h"
    end: str = "now"
    refresh: str = "1m"
    annotations: Sequence[tuple[str, str, str]] = ()
    """Name, colour and query."""

    def json(self) -> Json:
        """As Grafana keeps it."""
        link = {"type": "dashboards", "title": "HEMS", "tooltip": "", "tags": ["hems"], "asDropdown": True}
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["hems"],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": False,
            "timezone": "browser",
            "time": {"from": self.start, "to": self.end},
            "refresh": self.refresh,
            "links": [link | {"includeVars": True, "keepTime": True, "icon": "external link", "targetBlank": False}],
            "templating": {"list": [variable.json() for variable in self.variables]},
            "annotations": {"list": [_annotation(*each) for each in self.annotations]},
            "panels": list(self._placed()),
        }

    def _placed(self) -> Iterable[Json]:
        x = y = tallest = 0
        for number_, each in enumerate(self.content, start=1):
            if isinstance(each, Row) or x + each.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            if isinstance(each, Row):
                place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
                made = {"id": number_, "type": "row", "title": each.title, "collapsed": False, "panels": []}
                yield made | {"gridPos": place}
                y += 1
            else:
                yield each.json(number_, x, y)
                x, tallest = x + each.width, max(tallest, each.height)


def _annotation(name: str, color: str, query: str) -> Json:
    return {
        "name": name,
        "enable": True,
        "iconColor": color,
        "datasource": SOURCE,
        "target": {"refId": "Anno", "query": query},
    }
