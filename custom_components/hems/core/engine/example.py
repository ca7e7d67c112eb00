"""A question as small as one can be."""

from datetime import UTC, datetime

from ..model import Battery, BatteryState, Horizon, PlanRequest, Series, Site, Tariff


def small_request() -> PlanRequest:
    """Two hours of a home with a battery: a worker's first solve, and the example in the description."""
    horizon = Horizon(start=datetime(2026, 1, 1, tzinfo=UTC), steps_s=(3600, 3600))
    constant = Series.constant(0.3, horizon.start, horizon.end)
    battery = Battery(name="battery", capacity_kwh=5.0, max_charge_kw=2.0, max_discharge_kw=2.0)
    return PlanRequest(
        now=horizon.start,
        horizon=horizon,
        site=Site(name="example", time_zone="UTC", max_import_kw=10.0, max_export_kw=10.0, assets=(battery,)),
        tariff=Tariff(currency="EUR", import_price=constant, export_price=constant),
        load_kw=constant,
        states=(BatteryState(asset="battery", energy_kwh=2.0),),
    )
