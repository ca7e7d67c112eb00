"""A request laid onto its horizon: every series averaged onto the steps, every limit per step, every worth."""

from dataclasses import dataclass

from .battery import Battery
from .dc_bus import suns_kw
from .horizon import Horizon
from .request import PlanRequest
from .series import Series

LATER_H = 24.0
"""How much of the horizon's end stands for the time after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What whoever makes or judges a schedule needs to know about each step."""

    request: PlanRequest
    import_price: tuple[float, ...]
    """The tariff's with the signals of the time on it, per kWh."""
    export_price: tuple[float, ...]
    import_worth: tuple[float, ...]
    """The import price with unpaid signals and the weights of CO2 and exchange on it."""
    export_worth: tuple[float, ...]
    load_kw: tuple[float, ...]
    outdoor_c: tuple[float, ...]
    """All 0 where the request has none."""
    max_import_kw: tuple[float, ...]
    """The strictest of connection, contract and events that touch the step."""
    max_export_kw: tuple[float, ...]
    co2_kg_per_kwh: tuple[float, ...] | None
    """Of what the grid gives; None where the request has none."""
    later_import_worth: float
    """Mean over the last day of the horizon: what a kWh will cost after it."""
    later_export_worth: float
    later_outdoor_c: float
    later_demand_kwh: float
    """What the uncontrolled load of the last day takes from elsewhere than its own sun."""

    @property
    def horizon(self) -> Horizon:
        """Of the request."""
        return self.request.horizon

    @property
    def steps_h(self) -> tuple[float, ...]:
        """Length of each step in hours."""
        return self.request.horizon.steps_h

    @classmethod
    def of(cls, request: PlanRequest) -> Terms:
        """The terms of a request."""
        horizon, weights = request.horizon, request.weights
        zeros = (0.0,) * horizon.steps
        import_price = _signalled(request, "import_price", request.tariff.import_price)
        export_price = _signalled(request, "export_price", request.tariff.export_price)
        co2 = horizon.known("co2_kg_per_kwh", request.co2_kg_per_kwh) if request.co2_kg_per_kwh else None
        outdoor_c = horizon.known("outdoor_c", request.outdoor_c) if request.outdoor_c else zeros
        load_kw = horizon.known("load_kw", request.load_kw)
        import_worth = tuple(
            price + extra + weights.co2_price_per_kg * kg + weights.exchange_price_per_kwh
            for price, extra, kg in zip(import_price, _unpaid(request, "import_price"), co2 or zeros, strict=True)
        )
        export_worth = tuple(
            price + extra - weights.exchange_price_per_kwh
            for price, extra in zip(export_price, _unpaid(request, "export_price"), strict=True)
        )
        later = _last_hours(horizon, LATER_H)
        return cls(
            request=request,
            import_price=import_price,
            export_price=export_price,
            import_worth=import_worth,
            export_worth=export_worth,
            load_kw=load_kw,
            outdoor_c=outdoor_c,
            max_import_kw=_limits_kw(request, "max_import_kw", request.tariff.import_limit_kw),
            max_export_kw=_limits_kw(request, "max_export_kw", request.tariff.export_limit_kw),
            co2_kg_per_kwh=co2,
            later_import_worth=_mean(import_worth, later),
            later_export_worth=_mean(export_worth, later),
            later_outdoor_c=_mean(outdoor_c, later),
            later_demand_kwh=_demand_kwh(request, load_kw, later),
        )

    @property
    def money_scale(self) -> float:
        """The dearest kWh of the horizon, at least 1: in some currencies money counts in thousands."""
        return max(1.0, *(abs(worth) for worth in (*self.import_worth, *self.export_worth)))

    def battery_share(self, battery: Battery) -> float:
        """Which part of the home's storage this battery is."""
        whole_kwh = sum(asset.capacity_kwh for asset in self.request.site.assets if isinstance(asset, Battery))
        return battery.capacity_kwh / whole_kwh


def _signalled(request: PlanRequest, field: str, series: Series) -> tuple[float, ...]:
    """The tariff's price in each step, with the paid signals that overlap it on top in proportion."""
    extra = _signals(request, field, paid=True)
    prices = request.horizon.known(f"tariff.{field}", series)
    return tuple(price + more for price, more in zip(prices, extra, strict=True))


def _unpaid(request: PlanRequest, field: str) -> tuple[float, ...]:
    """What signals that nobody pays add to the worth of energy in each step."""
    return _signals(request, field, paid=False)


def _signals(request: PlanRequest, field: str, *, paid: bool) -> tuple[float, ...]:
    extra = [0.0] * request.horizon.steps
    for signal in request.price_signals:
        price = getattr(signal, f"{field}_per_kwh")
        if price != 0.0 and signal.paid is paid:
            for index, share in enumerate(request.horizon.overlap(signal.start, signal.end)):
                extra[index] += price * share
    return tuple(extra)


def _limits_kw(request: PlanRequest, field: str, contract_kw: float | None) -> tuple[float, ...]:
    """The strictest limit of each step; an event counts for every step that it touches."""
    horizon = request.horizon
    whole_kw = min(getattr(request.site, field), float("inf") if contract_kw is None else contract_kw)
    limits_kw = [whole_kw] * horizon.steps
    for limit in request.limits:
        event_kw = getattr(limit, field)
        if event_kw is not None:
            for index, share in enumerate(horizon.overlap(limit.start, limit.end)):
                if share > 0.0:
                    limits_kw[index] = min(limits_kw[index], event_kw)
    return tuple(limits_kw)


def _last_hours(horizon: Horizon, hours: float) -> tuple[float, ...]:
    """Hours of each step that lie within the last `hours` of the horizon."""
    left_h = min(hours, sum(horizon.steps_h))
    counted_h = []
    for step_h in reversed(horizon.steps_h):
        counted_h.append(min(step_h, left_h))
        left_h -= counted_h[-1]
    return tuple(reversed(counted_h))


def _mean(values: tuple[float, ...], hours: tuple[float, ...]) -> float:
    return sum(value * h for value, h in zip(values, hours, strict=True)) / sum(hours)


def _demand_kwh(request: PlanRequest, load_kw: tuple[float, ...], hours: tuple[float, ...]) -> float:
    """Energy of a day that load takes beyond the sun, from the last hours (less than a day is scaled up)."""
    net_kw = (load - sun for load, sun in zip(load_kw, suns_kw(request), strict=True))
    return sum(max(0.0, net) * h for net, h in zip(net_kw, hours, strict=True)) * LATER_H / sum(hours)
