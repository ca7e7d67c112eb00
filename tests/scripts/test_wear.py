"""What the price of wear saves: a battery on a dynamic tariff, a week in each season of German prices of 2020.

The reference home has 10 kWh, draws 0.4 to 1.6 kW with a morning and an evening peak, and has no sun, so that every
cycle is one for the difference in price.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bench.prices import Market
from custom_components.hems.core.model import Battery, Horizon
from custom_components.hems.core.optimiser import solve
from tests.builders import a_battery, a_battery_state, a_request

ZONE = ZoneInfo("Europe/Berlin")
WEEKS = [datetime(2020, month, 14, tzinfo=ZONE) for month in (1, 4, 7, 9)]
LOAD_KW = [0.4] * 6 + [1.0] * 3 + [0.7] * 8 + [1.6] * 5 + [0.4] * 2


def week(start: datetime, wear_per_kwh: float) -> tuple[float, float]:
    """Equivalent full cycles and the bill."""
    horizon = Horizon.even(start.astimezone(UTC), timedelta(hours=1), 168)
    battery = a_battery(wear_per_kwh=wear_per_kwh, end_price_per_kwh=0.0)
    load_kw = [LOAD_KW[edge.astimezone(ZONE).hour] for edge in horizon.edges[:-1]]
    request = a_request(battery, a_battery_state(0.0), horizon=horizon, load_kw=load_kw)
    tariff = Market.around(start, 7, ZONE.key).tariff
    plan = solve(request.__replace__(tariff=tariff))
    taken_kwh = sum(max(0.0, -kw) for kw in plan.asset("battery").power_kw) / battery.discharge_efficiency
    return taken_kwh / battery.capacity_kwh, plan.cost.bill


@pytest.mark.parametrize("start", WEEKS, ids=lambda start: f"{start:%B}")
def test_wear_saves_fifteen_percent_of_the_cycles_for_two_of_the_bill(start):
    cycles, bill = week(start, Battery.__dataclass_fields__["wear_per_kwh"].default)
    cycles_for_nothing, least_bill = week(start, 0.0)
    assert cycles <= 0.85 * cycles_for_nothing
    assert bill <= 1.02 * least_bill
