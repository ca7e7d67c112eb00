"""The dashboards of planning: forecasts against real, plan against actual."""

from collections.abc import Iterable
from typing import Any

from .boards import DISPATCH_COLORS, EVENT_MARKS, GRID_KW, LOAD, LOAD_KW, PRICE, PV, PV_KW, SITE_KIND, dispatch
from .flux import HOUR, QUARTER, average, compared, name_of, negative, one_of, rows, tag_values, total
from .grafana import (
    BUCKET,
    COLORS,
    EXPORT,
    HOME,
    SITE,
    WARN,
    Dashboard,
    Json,
    Panel,
    Row,
    Variable,
    lines,
    number,
    table,
)

ERROR = "r.left - r.right"
SIZE = "if r.left > r.right then r.left - r.right else r.right - r.left"
NOT_WHOLE = 'r.kind != "site"'
PLANNED = Variable(
    "asset", "Asset", tag_values("asset", 'r._measurement == "plan"', NOT_WHOLE, one_of("home"), one_of("site"))
)


def forecasts() -> Dashboard:
    """What was expected beside what came."""
    load = (rows("plan", "load_kw", SITE_KIND), rows("telemetry", "power_kw", LOAD))
    pv = (rows("plan", "available_kw", SITE_KIND), negative(rows("telemetry", "power_kw", PV)))
    price = rows("telemetry", "import_price_per_kwh")
    load_ahead, pv_ahead, price_ahead = (
        rows("forecast", field, SITE_KIND) for field in ("load_kw", "available_kw", "price")
    )
    kw: Json = {"unit": "kwatt", "decimals": 2}
    money: Json = {**PRICE, "every": HOUR, "fn": "mean"}
    said = (
        "The forecast is the last one made before the time in question: newer plans overwrite older ones."
        " That of a day ahead was made 24 to 26 hours before, and nothing overwrites it."
    )
    colors = {"forecast": WARN, "a day ahead": EXPORT}
    return Dashboard(
        uid="hems-forecasts",
        title="HEMS · Forecasts against real",
        says="How good the forecasts of load, sun and prices were.",
        start="now-24h",
        end="now+24h",
        refresh="5m",
        content=[
            lines(
                "Household load",
                said,
                {"forecast": total(load[0]), "a day ahead": total(load_ahead), "real": LOAD_KW},
                unit="kwatt",
                width=24,
                colors=colors | {"real": COLORS["load"]},
            ),
            lines(
                "Sun",
                f"{said} Where arrays are held back, what they could have given is drawn as well.",
                {
                    "forecast": total(pv[0]),
                    "a day ahead": total(pv_ahead),
                    "real": PV_KW,
                    "could have been": total(rows("telemetry", "available_kw", PV)),
                },
                unit="kwatt",
                width=24,
                colors=colors | {"real": COLORS["pv"], "could have been": COLORS["load"]},
            ),
            lines(
                "Prices",
                "Of a kilowatt-hour: in the plan, a day ahead, and in force at the time.",
                {
                    "import, planned": average(rows("plan", "price", SITE_KIND)),
                    "import, a day ahead": average(price_ahead),
                    "import, in force": average(price),
                    "export, planned": average(rows("plan", "export_price", SITE_KIND)),
                    "export, in force": average(rows("telemetry", "export_price_per_kwh")),
                },
                width=24,
                **PRICE,
            ),
            Row("Errors of the last forecast, by quarters of an hour; by more over months"),
            *_errors("Load", "", *load, **kw),
            *_errors("Sun", "What was held back counts as error.", *pv, **kw),
            lines("Error of the load", "Forecast minus real, by home.", compared(*load, ERROR), unit="kwatt"),
            lines("Error of the sun", "Forecast minus real, by home.", compared(*pv, ERROR), unit="kwatt"),
            Row("Errors of the forecast a day ahead, by the hour; by more over months"),
            *_errors("Load, a day ahead", "", load_ahead, load[1], width=4, every=HOUR, **kw),
            *_errors(
                "Sun, a day ahead", "What was held back counts as error.", pv_ahead, pv[1], width=4, every=HOUR, **kw
            ),
            *_errors("Price, a day ahead", "Of import.", price_ahead, price, width=4, **money),
            lines(
                "Error of the load, a day ahead",
                "Forecast minus real, by home.",
                compared(load_ahead, load[1], ERROR, every=HOUR),
                unit="kwatt",
            ),
            lines(
                "Error of the sun, a day ahead",
                "Forecast minus real, by home.",
                compared(pv_ahead, pv[1], ERROR, every=HOUR),
                unit="kwatt",
            ),
        ],
    )


def _errors(
    what: str,
    note: str,
    expected: str,
    real: str,
    *,
    every: str = QUARTER,
    fn: str = "sum",
    width: int = 6,
    **more: Any,
) -> Iterable[Panel]:
    """Size and bias of an error as numbers."""
    for title, says, value in (
        ("mean error", "Mean size of the error.", SIZE),
        ("bias", "Above zero, too much was expected.", ERROR),
    ):
        query = compared(expected, real, value, every=every, fn=fn)
        yield number(f"{what}: {title}", f"{says} {note}".strip(), query, calc="mean", width=width, **more)


def plan() -> Dashboard:
    """What HEMS recommended beside what was done."""
    both = (rows("plan", "power_kw", NOT_WHOLE, asset=True), rows("telemetry", "power_kw", asset=True))
    events = (
        f"{rows('events', ('state', 'reason'))}\n"
        '  |> group(columns: ["home", "id"])\n'
        '  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")\n  |> group()\n'
        '  |> sort(columns: ["_time"], desc: true)\n  |> rename(columns: {_time: "time"})'
    )
    return Dashboard(
        uid="hems-plan",
        title="HEMS · Plan against actual",
        says="What HEMS recommended, what it commanded, and what was done.",
        variables=(BUCKET, HOME, SITE, PLANNED),
        start="now-12h",
        end="now+24h",
        annotations=(EVENT_MARKS,),
        content=[
            lines(
                "Grid",
                "Planned and measured exchange with the grid; positive imports.",
                {"planned": total(rows("plan", "power_kw", SITE_KIND)), "measured": GRID_KW},
                unit="kwatt",
                width=24,
                colors=DISPATCH_COLORS,
            ),
            lines(
                "Deviation",
                "Mean size of measured minus planned, by quarters of an hour. Wishes, events and limits"
                " make assets leave the plan on purpose.",
                compared(*both, SIZE, by="asset", name=name_of("asset")),
                unit="kwatt",
                width=12,
            ),
            table("Demand-response events", "What became of each.", {"events": events}, width=12),
            Row("Each asset"),
            lines(
                "$asset",
                "Planned, commanded and measured power; positive draws from the home's bus.",
                dispatch(),
                unit="kwatt",
                repeat="asset",
                width=12,
                colors=DISPATCH_COLORS,
            ),
        ],
    )
