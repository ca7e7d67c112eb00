"""Random homes with odd prices: what the time limit and the gap have to hold for."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random

from custom_components.hems.core.model import CapacityCharge, CapacityTier, Horizon, PlanRequest, Series

from .cases import Part, a_battery, a_car, a_heat_pump, a_tank, an_appliance, an_array, request_of
from .series import feed_in, flat, hours_of, household, market_prices, market_start, per_step

type Prices = tuple[Series, Series]
"""Import and export."""


def _market(horizon: Horizon, _random: Random) -> Prices:
    return market_prices(horizon), feed_in(horizon)


def _flat(horizon: Horizon, _random: Random) -> Prices:
    return flat(0.30, horizon), feed_in(horizon)


def _negative(horizon: Horizon, random: Random) -> Prices:
    """Negative around noon, for import and export alike."""
    depth = random.uniform(0.1, 0.6)
    values = [0.25 - depth * (10.0 < hour < 15.0) + random.gauss(0.0, 0.01) for hour in hours_of(horizon)]
    return per_step(values, horizon), per_step([value - 0.12 for value in values], horizon)


def _spiky(horizon: Horizon, random: Random) -> Prices:
    values = [random.choice((0.05, 0.2, 0.3, 1.5)) if random.random() < 0.2 else 0.25 for _ in horizon.steps_s]
    return per_step(values, horizon), feed_in(horizon)


def _dear_export(horizon: Horizon, random: Random) -> Prices:
    """Selling earns more than buying costs, for some hours or always."""
    always = random.random() < 0.5
    export = [0.40 if always or 16.0 < hour < 19.0 else 0.10 for hour in hours_of(horizon)]
    return market_prices(horizon), per_step(export, horizon)


SHAPES: Mapping[str, Callable[[Horizon, Random], Prices]] = {
    "market": _market,
    "flat": _flat,
    "negative": _negative,
    "spiky": _spiky,
    "export-above-import": _dear_export,
}


def shape_of(seed: int) -> str:
    """Each shape has the same share of the homes."""
    return tuple(SHAPES)[seed % len(SHAPES)]


def random_home(seed: int) -> PlanRequest:
    """Any mix of assets on the uneven grid, starting at any minute."""
    random = Random(1000 + seed)
    horizon = Horizon.tiered(market_start(random) + timedelta(seconds=random.randrange(3600)))
    import_price, export_price = SHAPES[shape_of(seed)](horizon, random)
    return request_of(
        horizon,
        random,
        tuple(_parts(horizon, random)),
        import_price=import_price,
        export_price=export_price,
        capacity=_capacity(random),
        load_kw=household(random.uniform(5.0, 20.0), horizon, random),
        max_export_kw=random.choice((0.0, 3.0, 10.0, 10.0)),
    )


def _parts(horizon: Horizon, random: Random) -> list[Part]:
    parts = [an_array(horizon, random, f"pv_{number}", curtailable=random.random() < 0.7) for number in _some(random)]
    parts += [
        a_battery(
            f"battery_{number}",
            random,
            capacity_kwh=random.uniform(3.0, 20.0),
            max_charge_kw=random.uniform(1.5, 8.0),
            max_discharge_kw=random.uniform(1.5, 8.0),
            may_export=random.random() < 0.8,
            may_charge_ev=random.random() < 0.8,
        )
        for number in _some(random)
    ]
    for number in _some(random):
        arrival_h = random.uniform(-5.0, 20.0)
        departure_h = max(0.0, arrival_h) + random.uniform(1.0, 20.0)
        parts.append(
            a_car(f"car_{number}", random.choice(((1,), (3,), (1, 3))), arrival_h, departure_h, horizon, random)
        )
    if random.random() < 0.6:
        parts.append(a_heat_pump(random, min_electric_kw=random.choice((0.0, 0.6, 2.5))))
    if random.random() < 0.6:
        parts.append(a_tank(horizon, random))
    for number in range(random.randrange(4)):
        profile_kw = tuple(round(random.uniform(0.1, 2.5), 1) for _ in range(random.randrange(3, 10)))
        earliest_h = random.uniform(0.0, 20.0)
        latest_h = earliest_h + random.uniform(3.0, 28.0)
        parts.append(an_appliance(f"appliance_{number}", profile_kw, earliest_h, latest_h, horizon))
    return parts


def _some(random: Random) -> range:
    """None, one or two."""
    return range(random.choice((0, 1, 1, 2)))


def _capacity(random: Random) -> CapacityCharge | None:
    match random.randrange(4):
        case 0:
            return CapacityCharge(price_per_kw=random.uniform(0.5, 8.0), peak_so_far_kw=random.uniform(0.0, 6.0))
        case 1:
            return CapacityCharge(price_per_kw=random.uniform(0.1, 1.0), period="day")
        case 2:
            tiers = tuple(CapacityTier(up_to_kw=kw, fee=fee) for kw, fee in ((2.0, 5.0), (5.0, 8.0), (10.0, 14.0)))
            return CapacityCharge(tiers=(*tiers, CapacityTier(fee=25.0)))
        case _:
            return None
