"""Runs the Flux of the dashboards on points in memory: the part of the language that they use, from its syntax tree.

Tables are lists of rows with a group key, as in Flux. What is not known here is an error, not a guess.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
import operator
import re
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from stack_support.influx.points import Points

type Row = dict[str, Any]
SECOND_NS = 1_000_000_000
UNITS_NS = {"ns": 1, "us": 1000, "ms": 1_000_000, "s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS}
UNITS_NS |= {"d": 24 * UNITS_NS["h"], "w": 168 * UNITS_NS["h"]}
BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
AGGREGATES: Mapping[str, Callable[[list[Any]], Any]] = {"mean": fmean, "sum": sum, "count": len}
SELECTORS: Mapping[str, Callable[[list[Row]], Row]] = {
    "first": lambda rows: rows[0],
    "last": lambda rows: rows[-1],
    "min": lambda rows: min(rows, key=lambda row: row["_value"]),
    "max": lambda rows: max(rows, key=lambda row: row["_value"]),
}


@dataclass(slots=True)
class Table:
    """Rows that share the values of some columns; a row is never changed."""

    key: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


_RANGES: dict[tuple[int, int, int], tuple[Points, int, list[Table]]] = {}
"""What was read lately: the queries of a dashboard share their range."""


def grouped(rows: Iterable[Row], key: Iterable[str]) -> list[Table]:
    names, found = tuple(key), {}
    for row in rows:
        present = tuple(name for name in names if name in row)
        found.setdefault(tuple((name, row[name]) for name in present), Table(present)).rows.append(row)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Function:
    """Of a row, or of one and what the rows before it left; `columns` are those that it reads."""

    call: Callable[..., Any]
    columns: frozenset[str]

    def __call__(self, *given: Row) -> Any:
        return self.call(*given)


def columns(node: Any) -> frozenset[str]:
    """Names of all members that an expression asks for."""
    if isinstance(node, list):
        return frozenset().union(*(columns(each) for each in node))
    if not isinstance(node, dict):
        return frozenset()
    own = {_name(node["property"])} if node.get("type") == "MemberExpression" else set()
    return frozenset(own).union(*(columns(each) for each in node.values()))


class Run:
    """One query on the buckets of one server."""

    def __init__(self, buckets: Mapping[str, Points], now_ns: int) -> None:
        self.buckets, self.now_ns = buckets, now_ns
        self.names: dict[str, Any] = {"location": ZoneInfo("UTC"), "true": True, "false": False}
        self.start_ns = 0

    def result(self, tree: Mapping[str, Any]) -> list[Table]:
        """What the last expression finds."""
        found: Any = None
        for statement in tree["body"]:
            match statement["type"]:
                case "OptionStatement":
                    assignment = statement["assignment"]
                    self.names[assignment["id"]["name"]] = self.value(assignment["init"], {})
                case "VariableAssignment":
                    self.names[statement["id"]["name"]] = self.value(statement["init"], {})
                case _:
                    found = self.value(statement["expression"], {})
        return [table for table in found if table.rows]

    def value(self, node: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912  # a table
        match node["type"]:
            case "StringLiteral" | "BooleanLiteral":
                return node["value"]
            case "FloatLiteral":
                return float(node["value"])
            case "IntegerLiteral":
                return int(node["value"])
            case "DurationLiteral":
                return sum(int(part["magnitude"]) * UNITS_NS[part["unit"]] for part in node["values"])
            case "DateTimeLiteral":
                return round(datetime.fromisoformat(node["value"]).timestamp()) * SECOND_NS
            case "RegexpLiteral":
                return re.compile(node["value"].replace(r"\/", "/"))
            case "Identifier":
                name = node["name"]
                return scope[name] if name in scope else self.names.get(name, name)
            case "ParenExpression":
                return self.value(node["expression"], scope)
            case "ArrayExpression":
                return [self.value(each, scope) for each in node["elements"]]
            case "ObjectExpression":
                old = scope[node["with"]["name"]] if node.get("with") else {}
                return {**old, **{_name(each["key"]): self.value(each["value"], scope) for each in node["properties"]}}
            case "MemberExpression":
                owner = self.value(node["object"], scope)
                name = _name(node["property"])
                return owner.get(name) if isinstance(owner, dict) else f"{owner}.{name}"
            case "UnaryExpression":
                value = self.value(node["argument"], scope)
                return {"exists": lambda: value is not None, "not": lambda: not value, "-": lambda: -value}[
                    node["operator"]
                ]()
            case "LogicalExpression":
                left = self.value(node["left"], scope)
                if node["operator"] == "and":
                    return left and self.value(node["right"], scope)
                return left or self.value(node["right"], scope)
            case "BinaryExpression":
                return self._binary(node, scope)
            case "ConditionalExpression":
                return self.value(node["consequent" if self.value(node["test"], scope) else "alternate"], scope)
            case "FunctionExpression":
                names = [_name(each["key"]) for each in node["params"]]
                return Function(
                    lambda *given: self.value(node["body"], {**scope, **dict(zip(names, given, strict=True))}),
                    columns(node["body"]),
                )
            case "PipeExpression":
                return self._call(node["call"], scope, self.value(node["argument"], scope))
            case "CallExpression":
                return self._call(node, scope)
        raise NotImplementedError(node["type"])

    def _binary(self, node: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
        left, right = self.value(node["left"], scope), self.value(node["right"], scope)
        if left is None or right is None:
            return None
        if node["operator"] in {"=~", "!~"}:
            return (right.search(left) is not None) == (node["operator"] == "=~")
        if node["operator"] in {"+", "-", "*", "/"} and type(left) is not type(right):
            raise TypeError(f"Flux adds no {type(left).__name__} and {type(right).__name__}")
        return BINARY[node["operator"]](left, right)

    def _call(self, node: Mapping[str, Any], scope: Mapping[str, Any], piped: Any = None) -> Any:
        given = self.value(node["arguments"][0], scope) if node.get("arguments") else {}
        name = str(self.value(node["callee"], scope)).replace(".", "_")
        if name in AGGREGATES or name in SELECTORS:
            return [folded(table, name) for table in piped]
        found = getattr(self, f"do_{name}")
        return found(piped, **given) if piped is not None else found(**given)

    # Sources.

    def do_from(self, bucket: str) -> Points:
        return self.buckets[bucket]

    def do_buckets(self) -> list[Table]:
        return grouped(({"name": name, "id": name} for name in self.buckets), ())

    def do_range(self, points: Points, start: int, stop: int) -> list[Table]:
        # A limit that is no time is a duration, from now.
        start, stop = (self.now_ns + limit if limit < UNITS_NS["w"] * 520 else limit for limit in (start, stop))
        self.start_ns = start
        kept = _RANGES.get((id(points), start, stop))
        if kept is None or kept[0] is not points or kept[1] != points.count():
            kept = _RANGES[id(points), start, stop] = (points, points.count(), self._between(points, start, stop))
        return kept[2]

    def _between(self, points: Points, start: int, stop: int) -> list[Table]:
        found = []
        for ((measurement, tags), name), kept in points.values.items():
            shared = {"_measurement": measurement, **dict(tags), "_field": name, "_start": start, "_stop": stop}
            rows = [
                {**shared, "_time": at, "_value": value} for at, value in sorted(kept.items()) if start <= at < stop
            ]
            if rows:
                found.append(Table(tuple(shared), rows))
        return found

    def do_schema_tagValues(self, bucket: str, tag: str, predicate: Any, start: int, stop: int) -> list[Table]:  # noqa: N802
        rows = self._seen(bucket, predicate, start, stop)
        return grouped(({"_value": value} for value in sorted({row[tag] for row in rows if tag in row})), ())

    def do_schema_fieldKeys(self, bucket: str, predicate: Any, start: int, stop: int) -> list[Table]:  # noqa: N802
        rows = self._seen(bucket, predicate, start, stop)
        return grouped(({"_value": value} for value in sorted({row["_field"] for row in rows})), ())

    def _seen(self, bucket: str, predicate: Function, start: int, stop: int) -> Iterator[Row]:
        tables = self.do_range(self.do_from(bucket), start, stop)
        return (table.rows[0] for table in tables if predicate(table.rows[0]))

    def do_union(self, tables: list[list[Table]]) -> list[Table]:
        return [table for each in tables for table in each]

    def do_timezone_location(self, name: str) -> ZoneInfo:
        return ZoneInfo(name)

    def do_now(self) -> int:
        return self.now_ns

    def do_int(self, v: float) -> int:
        return int(v)

    def do_float(self, v: float) -> float:
        return float(v)

    # Transformations.

    def do_filter(self, tables: list[Table], fn: Function) -> list[Table]:
        found = []
        for table in tables:
            if fn.columns <= set(table.key):  # the same for every row
                kept = table.rows if fn(table.rows[0]) else []
            else:
                kept = [row for row in table.rows if fn(row)]
            if kept:
                found.append(Table(table.key, kept))
        return found

    def do_map(self, tables: list[Table], fn: Any) -> list[Table]:
        found: dict[Any, Table] = {}
        for table in tables:
            for made in grouped((fn(row) for row in table.rows), table.key):
                same = tuple((name, made.rows[0][name]) for name in made.key)
                found.setdefault(same, Table(made.key)).rows.extend(made.rows)
        return list(found.values())

    def do_reduce(self, tables: list[Table], fn: Function, identity: Row) -> list[Table]:
        found = []
        for table in tables:
            left = identity
            for row in table.rows:
                left = fn(row, left)
            found.append(Table(table.key, [{name: table.rows[0][name] for name in table.key} | left]))
        return found

    def do_group(self, tables: list[Table], columns: Iterable[str] = ()) -> list[Table]:
        return grouped((row for table in tables for row in table.rows), columns)

    def do_set(self, tables: list[Table], key: str, value: str) -> list[Table]:
        return [Table(table.key, [{**row, key: value} for row in table.rows]) for table in tables]

    def do_keep(self, tables: list[Table], columns: list[str]) -> list[Table]:
        return [
            Table(
                tuple(name for name in table.key if name in columns),
                [{name: row[name] for name in columns if name in row} for row in table.rows],
            )
            for table in tables
        ]

    def do_rename(self, tables: list[Table], columns: Mapping[str, str]) -> list[Table]:
        return [
            Table(
                tuple(columns.get(name, name) for name in table.key),
                [{columns.get(name, name): value for name, value in row.items()} for row in table.rows],
            )
            for table in tables
        ]

    def do_sort(self, tables: list[Table], columns: list[str], desc: bool = False) -> list[Table]:
        def order(row: Row) -> tuple[Any, ...]:
            return tuple(row[name] for name in columns)

        return [Table(table.key, sorted(table.rows, key=order, reverse=desc)) for table in tables]

    def do_limit(self, tables: list[Table], n: int) -> list[Table]:
        return [Table(table.key, table.rows[:n]) for table in tables]

    def do_difference(self, tables: list[Table], nonNegative: bool) -> list[Table]:  # noqa: N803
        found = []
        for table in tables:
            pairs = zip(table.rows, table.rows[1:], strict=False)
            steps = [{**after, "_value": after["_value"] - before["_value"]} for before, after in pairs]
            found.append(Table(table.key, [row for row in steps if row["_value"] >= 0 or not nonNegative]))
        return [table for table in found if table.rows]

    def do_pivot(
        self,
        tables: list[Table],
        rowKey: list[str],  # noqa: N803
        columnKey: list[str],  # noqa: N803
        valueColumn: str,  # noqa: N803
    ) -> list[Table]:
        found = []
        for table in tables:
            rows: dict[Any, Row] = {}
            for row in table.rows:
                kept = {name: row[name] for name in (*rowKey, *table.key)}
                place = rows.setdefault(tuple(kept.values()), kept)
                place["_".join(row[name] for name in columnKey)] = row[valueColumn]
            found.append(Table(table.key, list(rows.values())))
        return found

    def do_aggregateWindow(  # noqa: N802
        self,
        tables: list[Table],
        every: int,
        fn: str,
        createEmpty: bool,  # noqa: N803
        timeSrc: str,  # noqa: N803
    ) -> list[Table]:
        assert not createEmpty
        assert timeSrc == "_start"
        found = []
        for table in tables:
            windows: dict[int, list[Row]] = {}
            for row in table.rows:
                windows.setdefault(self._window(row["_time"], every), []).append(row)
            rows = [
                {**folded(Table(table.key, windows[at]), fn).rows[0], "_time": max(at, self.start_ns)}
                for at in sorted(windows)
            ]
            found.append(Table(table.key, rows))
        return found

    def _window(self, time_ns: int, every: int) -> int:
        if every != UNITS_NS["d"]:
            return time_ns // every * every
        local = datetime.fromtimestamp(time_ns / SECOND_NS, self.names["location"])
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return round(midnight.timestamp()) * SECOND_NS


def folded(table: Table, fn: str) -> Table:
    """One row of a table: an aggregate keeps the group key, a selector the whole row."""
    if fn in SELECTORS:
        return Table(table.key, [SELECTORS[fn](table.rows)])
    value = AGGREGATES[fn]([row["_value"] for row in table.rows])
    return Table(table.key, [{name: table.rows[0][name] for name in table.key} | {"_value": value}])


def _name(node: Mapping[str, Any]) -> str:
    return node["name"] if node["type"] == "Identifier" else node["value"]
