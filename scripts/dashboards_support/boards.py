"""The dashboards of a home: overview, energy and money."""

from .flux import (
    LOCAL_DAYS,
    average,
    by_asset,
    currency,
    daily_increase,
    daily_last,
    increase,
    negative,
    rows,
    total,
)
from .flux import (
    METRIC as METRIC_CHOSEN,
)
from .grafana import (
    ASSET,
    BAD,
    BUCKET,
    COLORS,
    EXPORT,
    GOOD,
    HOME,
    METRIC,
    SITE,
    UNITS,
    WARN,
    Dashboard,
    Row,
    lines,
    number,
    override,
)

GRID, PV, LOAD, BATTERY, SITE_KIND = (f'r.kind == "{kind}"' for kind in ("grid", "pv", "load", "battery", "site"))
GRID_KW = total(rows("telemetry", "power_kw", GRID))
LOAD_KW = total(rows("telemetry", "power_kw", LOAD))
PV_KW = negative(total(rows("telemetry", "power_kw", PV)))
DISPATCH_COLORS = {"planned": WARN, "commanded": EXPORT, "measured": COLORS["grid"]}
SOC_STEPS = ((None, BAD), (15.0, WARN), (30.0, GOOD))
MONEY, PRICE = {"unit_query": currency(), "decimals": 2}, {"unit_query": currency("/kWh"), "decimals": 4}
"""Of panels that show money or prices of a kilowatt-hour."""
ALERT_STEPS = ((None, GOOD), (1.0, BAD))
EVENT_MARKS = ("Demand-response events", EXPORT, rows("events", "state"))


def overview() -> Dashboard:
    """What the home does now, each asset, everything it measures."""
    units = [override("byRegexp", f"/{end}$/", unit=unit) for end, unit in UNITS.items()]
    today = daily_last(rows("telemetry", "cost_today"))
    saved = daily_last(rows("telemetry", "saving_today"))
    return Dashboard(
        uid="hems-overview",
        title="HEMS · Overview",
        says="What the home does now, and everything that it measures.",
        variables=(BUCKET, HOME, SITE, ASSET, METRIC),
        annotations=(EVENT_MARKS,),
        content=[
            number("Grid", "Power from the grid; below zero the home exports.", GRID_KW, unit="kwatt", decimals=2),
            number("Generation", "Power of all arrays.", PV_KW, unit="kwatt", decimals=2),
            number("Household", "Power that HEMS does not control.", LOAD_KW, unit="kwatt", decimals=2),
            number(
                "Batteries",
                "Mean state of charge of the home's batteries.",
                f"{rows('telemetry', 'soc_percent', BATTERY)}\n  |> last()\n  |> group()\n  |> mean()",
                unit="percent",
                decimals=0,
                steps=SOC_STEPS,
            ),
            number("Cost today", "Imports minus earnings since midnight.", today, **MONEY),
            number("Saving today", "What HEMS was worth since midnight.", saved, **MONEY),
            lines(
                "Power by kind",
                "Positive draws from the home's bus; the grid is positive where it supplies.",
                total(rows("telemetry", "power_kw"), "kind"),
                unit="kwatt",
                colors=COLORS,
                width=16,
                height=10,
            ),
            lines(
                "State of charge",
                "Batteries and cars.",
                by_asset(rows("telemetry", "soc_percent", asset=True)),
                unit="percent",
                width=8,
                height=10,
            ),
            lines(
                "Prices",
                "Of a kilowatt-hour.",
                {
                    "import": average(rows("telemetry", "import_price_per_kwh")),
                    "export": average(rows("telemetry", "export_price_per_kwh")),
                },
                colors={"import": COLORS["grid"], "export": EXPORT},
                width=12,
                **PRICE,
            ),
            lines(
                "Temperatures",
                "Of rooms, water and cells, and outside.",
                by_asset(rows("telemetry", ("temperature_degc", "outdoor_degc"), asset=True)),
                unit="celsius",
                width=12,
            ),
            Row("Each asset"),
            lines(
                "$asset",
                "Measured power, what was commanded last, and what the plan had for this time.",
                dispatch(),
                unit="kwatt",
                repeat="asset",
                width=8,
                colors=DISPATCH_COLORS,
            ),
            Row("Each measurement"),
            lines(
                "$metric",
                "One quantity of all chosen assets.",
                by_asset(rows("telemetry", METRIC_CHOSEN, asset=True), suffix=' + " " + r._field'),
                repeat="metric",
                width=8,
                overrides=units,
            ),
        ],
    )


def energy() -> Dashboard:
    """Energy and money by day and over the range."""
    pv_kwh, load_kwh = rows("telemetry", "exported_kwh", PV), rows("telemetry", "imported_kwh", LOAD)
    bought, sold = rows("telemetry", "imported_kwh", GRID), rows("telemetry", "exported_kwh", GRID)
    cost = daily_last(rows("telemetry", "cost_today"))
    saving = daily_last(rows("telemetry", "saving_today"))
    peak = f"{total(rows('telemetry', 'power_kw', GRID), every='15m')}\n  |> max()"
    kwh = {"unit": "kwatth", "decimals": 1}
    return Dashboard(
        uid="hems-energy",
        title="HEMS · Energy and money",
        says="What was generated, used, bought and sold, and what it cost.",
        start="now-7d",
        refresh="15m",
        content=[
            number("Generated", "By all arrays, over the range.", increase(pv_kwh), **kwh),
            number("Used", "By the household, without controlled assets, over the range.", increase(load_kwh), **kwh),
            number("Bought", "From the grid, over the range.", increase(bought), **kwh),
            number("Sold", "To the grid, over the range.", increase(sold), **kwh),
            number("Cost", "Imports minus earnings of the days in the range.", cost, calc="sum", **MONEY),
            number("Saving", "What HEMS was worth on the days in the range.", saving, calc="sum", **MONEY),
            number(
                "Own use",
                "Share of what was generated that did not go to the grid; what a battery took from the grid"
                " and sold again counts as generated and sold.",
                _share("100.0 * (r.generated - r.sold) / r.generated", "generated"),
                unit="percent",
                decimals=0,
                width=6,
            ),
            number(
                "Independence",
                "Share of what came into the home that was not bought.",
                _share("100.0 * r.generated / (r.generated + r.bought)", "generated"),
                unit="percent",
                decimals=0,
                width=6,
            ),
            number("Peak", "Highest quarter of an hour from the grid.", peak, unit="kwatt", decimals=2, width=6),
            number(
                "CO₂ of imports",
                "Where its intensity is known.",
                increase(rows("telemetry", "co2_kg")),
                unit="masskg",
                decimals=1,
                width=6,
            ),
            lines(
                "Energy by day",
                "Of the viewer's days.",
                {
                    "generated": daily_increase(pv_kwh),
                    "household": daily_increase(load_kwh),
                    "bought": daily_increase(bought),
                    "sold": daily_increase(sold),
                },
                bars=True,
                unit="kwatth",
                width=24,
                colors={
                    "generated": COLORS["pv"],
                    "household": COLORS["load"],
                    "bought": COLORS["grid"],
                    "sold": EXPORT,
                },
            ),
            lines(
                "Money by day",
                "Below zero the home has earned.",
                {"cost": cost, "saving": saving},
                bars=True,
                colors={"cost": BAD, "saving": GOOD},
                width=12,
                **MONEY,
            ),
            lines(
                "Energy of each asset by day",
                "What each asset drew, by its counter.",
                LOCAL_DAYS
                + by_asset(
                    f"{rows('telemetry', 'imported_kwh', asset=True)}\n  |> difference(nonNegative: true)",
                    "sum",
                    every="1d",
                ),
                bars=True,
                unit="kwatth",
                width=12,
            ),
            Row("Batteries in the long run"),
            lines(
                "State of health",
                "Where a battery tells it.",
                by_asset(rows("telemetry", "soh_percent", asset=True)),
                unit="percent",
            ),
            lines("Cycles", "Full cycles of each battery.", by_asset(rows("telemetry", "cycles", asset=True), "last")),
        ],
    )


def dispatch() -> dict[str, str]:
    """What was planned for an asset, commanded and measured."""
    return {
        "planned": total(rows("plan", "power_kw", 'r.kind != "site"', asset=True)),
        "commanded": total(rows("telemetry", "setpoint_kw", asset=True)),
        "measured": total(rows("telemetry", "power_kw", asset=True)),
    }


def _share(value: str, needs: str) -> str:
    """A share of what was generated, bought and sold, of the chosen homes together."""
    counters = rows("telemetry", ("imported_kwh", "exported_kwh"), f'({GRID} or ({PV} and r._field == "exported_kwh"))')
    role = 'if r.kind == "pv" then "generated" else if r._field == "imported_kwh" then "bought" else "sold"'
    return "\n".join(
        [
            f"{counters}\n  |> difference(nonNegative: true)\n  |> sum()",
            f"  |> map(fn: (r) => ({{_value: r._value, role: {role}}}))",
            '  |> group(columns: ["role"])\n  |> sum()\n  |> group()\n  |> set(key: "all", value: "all")',
            '  |> pivot(rowKey: ["all"], columnKey: ["role"], valueColumn: "_value")',
            f"  |> filter(fn: (r) => exists r.generated and exists r.bought and exists r.sold and r.{needs} > 0.0)",
            f"  |> map(fn: (r) => ({{_value: {value}}}))",
        ]
    )
