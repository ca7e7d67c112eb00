"""The dashboards of planning: forecasts against real, plan against actual."""

from .boards import CURRENCY, DISPATCH_COLORS, EVENT_MARKS, GRID_KW, LOAD, LOAD_KW, PV, PV_KW, SITE_KIND, dispatch
from .flux import average, compared, name_of, negative, one_of, rows, tag_values, total
from .grafana import BUCKET, COLORS, HOME, SITE, WARN, Dashboard, Row, Variable, lines, number, table

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
    last_said = "The forecast is the last one made before the time in question: newer plans overwrite older ones."
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
                last_said,
                {"forecast": total(load[0]), "real": LOAD_KW},
                unit="kwatt",
                width=24,
                colors={"forecast": WARN, "real": COLORS["load"]},
            ),
            lines(
                "Sun",
                f"{last_said} Where arrays are held back, what they could have given is drawn as well.",
                {
                    "forecast": total(pv[0]),
                    "real": PV_KW,
                    "could have been": total(rows("telemetry", "available_kw", PV)),
                },
                unit="kwatt",
                width=24,
                colors={"forecast": WARN, "real": COLORS["pv"], "could have been": COLORS["load"]},
            ),
            lines(
                "Prices",
                f"Of a kilowatt-hour, {CURRENCY}: in the plan, and in force at the time.",
                {
                    "import, planned": average(rows("plan", "price", SITE_KIND)),
                    "import, in force": average(rows("telemetry", "import_price_per_kwh")),
                    "export, planned": average(rows("plan", "export_price", SITE_KIND)),
                    "export, in force": average(rows("telemetry", "export_price_per_kwh")),
                },
                decimals=4,
                width=24,
                axis="per kWh",
            ),
            Row("Errors, by quarters of an hour; by more over months"),
            number(
                "Load: mean error",
                "Mean size of the error.",
                compared(*load, SIZE),
                calc="mean",
                unit="kwatt",
                decimals=2,
                width=6,
            ),
            number(
                "Load: bias",
                "Above zero, too much was expected.",
                compared(*load, ERROR),
                calc="mean",
                unit="kwatt",
                decimals=2,
                width=6,
            ),
            number(
                "Sun: mean error",
                "Mean size of the error; what was held back counts as error.",
                compared(*pv, SIZE),
                calc="mean",
                unit="kwatt",
                decimals=2,
                width=6,
            ),
            number(
                "Sun: bias",
                "Above zero, too much was expected.",
                compared(*pv, ERROR),
                calc="mean",
                unit="kwatt",
                decimals=2,
                width=6,
            ),
            lines("Error of the load", "Forecast minus real, by home.", compared(*load, ERROR), unit="kwatt"),
            lines("Error of the sun", "Forecast minus real, by home.", compared(*pv, ERROR), unit="kwatt"),
        ],
    )


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
