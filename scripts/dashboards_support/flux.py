"""Queries in Flux over the measurements that the agent writes. Grafana replaces ${…} and v.… before it asks.

Every query names its range, and the homes of the variable `home`. Means are taken for each series before anything is
added up, so that assets that report at different moments are added once each.
"""

RANGE = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"
METRIC = "$metric"
WINDOW = "v.windowPeriod"
QUARTER = "if int(v: v.windowPeriod) > int(v: 15m) then v.windowPeriod else 15m"
"""A quarter of an hour, or longer where there would be more points than a panel takes."""
HOUR = "if int(v: v.windowPeriod) > int(v: 1h) then v.windowPeriod else 1h"
MONTH = "range(start: -30d, stop: now())"
LOCAL_DAYS = """\
import "timezone"

option location = timezone.location(name: if "${__timezone}" == "utc" then "UTC" else "${__timezone}")

"""


def one_of(variable: str, column: str | None = None) -> str:
    """Whether a column is among what is chosen in a variable."""
    return f"r.{column or variable} =~ /^${{{variable}:regex}}$/"


def rows(
    measurement: str,
    fields: str | tuple[str, ...],
    *where: str,
    asset: bool = False,
    site: bool = True,
    within: str = RANGE,
    bucket: str = '"${bucket}"',
) -> str:
    """Points of some fields, or of those chosen in `$metric`, in the chosen homes; `site`, `asset`: and in those."""
    names = (fields,) if isinstance(fields, str) else fields
    chosen = [one_of("home")]
    if site and measurement in {"telemetry", "plan", "forecast"}:
        chosen.append(one_of("site"))
    if asset:
        chosen.append(one_of("asset"))
    conditions = " or ".join(
        f'r._field == "{name}"' if name != METRIC else one_of("metric", "_field") for name in names
    )
    return "\n".join(
        [
            f"from(bucket: {bucket})",
            f"  |> {within}",
            f'  |> filter(fn: (r) => r._measurement == "{measurement}")',
            f"  |> filter(fn: (r) => {conditions})",
            f"  |> filter(fn: (r) => {' and '.join([*chosen, *where])})",
        ]
    )


def windows(fn: str, every: str = WINDOW) -> str:
    """Aggregate each series; a window is named by its beginning, so that windows of windows stay where they are."""
    return f'  |> aggregateWindow(every: {every}, fn: {fn}, createEmpty: false, timeSrc: "_start")'


def name_of(tag: str) -> str:
    """What a legend calls an asset or a service: the home is added where it is not the only one chosen."""
    return f'(if r.home == "${{home:csv}}" then r.{tag} else r.{tag} + " " + r.home)'


def called(source: str, name: str) -> str:
    """One series for each value of an expression, which is what the legend calls it: the name of its field."""
    columns = f"{{_time: r._time, _value: r._value, _field: {name}}}"
    return f'{source}\n  |> map(fn: (r) => ({columns}))\n  |> group(columns: ["_field"])'


def total(source: str, by: str = "", every: str = WINDOW, fn: str = "mean") -> str:
    """Series added up over homes, sites and assets; one series for each value of a column."""
    columns = f'columns: ["{by}"]' if by else ""
    added = "\n".join([source, windows(fn, every), f"  |> group({columns})", windows("sum", every)])
    return called(added, f"r.{by}") if by else added


def times(source: str, factor: float) -> str:
    """Every value multiplied."""
    return f"{source}\n  |> map(fn: (r) => ({{r with _value: r._value * {factor:.1f}}}))"


def negative(source: str) -> str:
    """Every value with the other sign: what an array feeds in, as generation."""
    return times(source, -1.0)


def average(source: str) -> str:
    """The mean of all series, as of prices."""
    return f"{source}\n{windows('mean')}\n  |> group()\n{windows('mean')}"


def by_asset(source: str, fn: str = "mean", suffix: str = "", every: str = WINDOW) -> str:
    """A series for each asset."""
    return called(f"{source}\n{windows(fn, every)}", name_of("asset") + suffix)


def increase(source: str, by: str = "") -> str:
    """How much counters have grown over the range; one that begins again at zero loses only that step."""
    columns = f'columns: ["{by}"]' if by else ""
    return f"{source}\n  |> difference(nonNegative: true)\n  |> sum()\n  |> group({columns})\n  |> sum()"


def daily_increase(source: str) -> str:
    """The same for each day of the viewer's time zone."""
    steps = f"{source}\n  |> difference(nonNegative: true)"
    return LOCAL_DAYS + "\n".join([steps, windows("sum", "1d"), "  |> group()", windows("sum", "1d")])


def daily_last(source: str) -> str:
    """Counters that begin at midnight: the last value of each day of the viewer's time zone, added up over homes."""
    return LOCAL_DAYS + "\n".join([source, windows("last", "1d"), "  |> group()", windows("sum", "1d")])


def compared(
    left: str,
    right: str,
    value: str,
    *,
    by: str = "home",
    name: str = "r.home",
    every: str = QUARTER,
    fn: str = "sum",
) -> str:
    """Two sources in quarters of an hour as r.left and r.right, where both have a value; a series for each `name`.

    What belongs to the same home is put together by `fn`.
    """
    keys = '"home"' if by == "home" else f'"home", "{by}"'
    folded = "\n".join([windows("mean", every), f"  |> group(columns: [{keys}])", windows(fn, every)])
    pairs = "\n".join(
        [
            f'left = {left}\n{folded}\n  |> set(key: "side", value: "left")\n',
            f'right = {right}\n{folded}\n  |> set(key: "side", value: "right")\n',
            "union(tables: [left, right])",
            f"  |> group(columns: [{keys}])",
            '  |> pivot(rowKey: ["_time"], columnKey: ["side"], valueColumn: "_value")',
            "  |> filter(fn: (r) => exists r.left and exists r.right)",
            f"  |> map(fn: (r) => ({{r with _value: {value}}}))",
        ]
    )
    return called(pairs, name)


def latest(source: str, name: str, fn: str = "sum", value: str = "r._value") -> str:
    """A table with a row for each home: the newest value of each of its series, put together by `fn`."""
    return "\n".join(
        [
            f"{source}\n  |> last()",
            f'  |> group(columns: ["home"])\n  |> {fn}()\n  |> group()',
            f'  |> map(fn: (r) => ({{home: r.home, "{name}": {value}}}))',
        ]
    )


def currency(per: str = "") -> str:
    """What Grafana calls the unit of money in the chosen homes; nothing where no plan of a month tells."""
    same = 'accumulator.unit == "" or accumulator.unit == r._value'
    one = f'({{unit: if {same} then r._value else "of several currencies"}})'
    return "\n".join(
        [
            f"{rows('plan', 'currency', within=MONTH)}\n  |> last()\n  |> group()",
            f'  |> reduce(fn: (r, accumulator) => {one}, identity: {{unit: ""}})',
            f'  |> map(fn: (r) => ({{unit: "suffix:" + r.unit + "{per}"}}))',
        ]
    )


def ages(source: str) -> str:
    """How long ago each series had its newest point, in seconds."""
    age = "float(v: int(v: now()) - int(v: r._time)) / 1000000000.0"
    return f"{source}\n  |> last()\n  |> group()\n  |> map(fn: (r) => ({{home: r.home, _value: {age}}}))"


def tag_values(tag: str, *where: str, start: str = "v.timeRangeStart") -> str:
    """Values of a tag that occur since `start`."""
    conditions = " and ".join(where) or "true"
    return (
        'import "influxdata/influxdb/schema"\n\n'
        f'schema.tagValues(bucket: "${{bucket}}", tag: "{tag}", predicate: (r) => {conditions}, '
        f"start: {start}, stop: v.timeRangeStop)"
    )


FIELD_KEYS = (
    'import "influxdata/influxdb/schema"\n\n'
    f'schema.fieldKeys(bucket: "${{bucket}}", predicate: (r) => r._measurement == "telemetry" and {one_of("home")} '
    f"and {one_of('asset')}, start: v.timeRangeStart, stop: v.timeRangeStop)"
)
"""What the chosen assets measure."""

BUCKET = """\
long = int(v: v.timeRangeStop) - int(v: v.timeRangeStart) > int(v: 2d)
old = int(v: v.timeRangeStart) < int(v: now()) - int(v: 29d)
buckets()
  |> filter(fn: (r) => r.name == v.defaultBucket or (r.name == v.defaultBucket + "_15m" and (long or old)))
  |> keep(columns: ["name"])
  |> rename(columns: {name: "_value"})
  |> sort(columns: ["_value"], desc: true)
  |> limit(n: 1)"""
"""All points for two days within the last month, quarters of an hour for more, where there is such a bucket."""
