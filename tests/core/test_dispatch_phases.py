"""The fuse of each phase."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.hems.core.dispatch import LiveAsset, LiveHome, Setpoint, of_override, setpoints
from custom_components.hems.core.model import Override, Site
from tests.builders import (
    START,
    a_battery,
    a_flexible_load,
    a_heat_pump,
    a_pv,
    a_site,
    an_ev_charger,
    hours,
)

EVEN = (1 / 3, 1 / 3, 1 / 3)


def a_home(*assets: object, fuse_a: float | None = 20.0, shares: tuple[float, float, float] = EVEN) -> Site:
    """A fuse of 4.6 kW on each phase unless said otherwise."""
    return a_site(*assets, max_import_kw=40.0, max_import_a_per_phase=fuse_a, load_phase_shares=shares)


def told(site: Site, load_kw: float, wishes_kw: dict[str, float], **powers_kw: float) -> dict[str, Setpoint]:
    """With everything at rest but what is named, and words of the user for the wishes."""
    assets = {
        asset.name: LiveAsset(
            power_kw=powers_kw.get(asset.name, 0.0), soc=0.5, connected=True, temperature_c=21.0, running=False
        )
        for asset in site.assets
    }
    live = LiveHome(at=START, grid_kw=load_kw + sum(powers_kw.values()), load_kw=load_kw, assets=assets)
    words = [of_override(Override(asset=name, power_kw=kw, until=hours(1))) for name, kw in wishes_kw.items()]
    return {setpoint.asset: setpoint for setpoint in setpoints(site, None, words, live, (), START)}


def by_phase_kw(site: Site, load_kw: float, setpoints_: dict[str, Setpoint], pv_kw: float = 0.0) -> list[float]:
    """What each phase draws if everything does as told, counted here once more."""
    drawn = [share * load_kw for share in site.load_phase_shares]
    for asset in site.assets:
        setpoint = setpoints_[asset.name]
        power_kw = -pv_kw if asset.kind == "pv" else (setpoint.power_kw or 0.0)
        alone = asset.phase is not None and asset.kind != "ev_charger"
        if alone or setpoint.phases == 1:
            drawn[("l1", "l2", "l3").index(asset.phase or "l1")] += power_kw
        else:
            drawn = [kw + power_kw / 3 for kw in drawn]
    return drawn


def test_car_on_one_phase_charges_with_what_its_phase_leaves() -> None:
    site = a_home(an_ev_charger(phases=(1,), phase="l2"), shares=(0.0, 1.0, 0.0))
    charger = told(site, 2.0, {"ev_charger": 3.68})["ev_charger"]
    assert (charger.power_kw, charger.phases) == (pytest.approx(2.6), 1)
    assert charger.reason == "import_limit"


def test_load_on_another_phase_leaves_the_car_alone() -> None:
    site = a_home(an_ev_charger(phases=(1,), phase="l2"), shares=(1.0, 0.0, 0.0))
    assert told(site, 4.0, {"ev_charger": 3.68})["ev_charger"].power_kw == pytest.approx(3.68)


def test_car_waits_where_its_least_current_does_not_fit() -> None:
    site = a_home(an_ev_charger(phases=(1,), phase="l2"), shares=(0.0, 1.0, 0.0))
    charger = told(site, 4.0, {"ev_charger": 3.68})["ev_charger"]
    assert (charger.power_kw, charger.phases) == (0.0, None)


def test_car_that_can_switch_takes_the_phases_on_which_more_fits() -> None:
    """5 kW on one phase would be 1 kW too many; on three it is 1.67 kW each."""
    charger = an_ev_charger(phases=(1, 3), max_current_a=32.0, phase="l1")
    found = told(a_home(charger, shares=(0.4, 0.3, 0.3)), 2.0, {"ev_charger": 5.0})["ev_charger"]
    assert (found.power_kw, found.phases) == (pytest.approx(5.0), 3)


def test_car_on_three_phases_keeps_the_fullest_one() -> None:
    site = a_home(an_ev_charger(phases=(3,)), shares=(1.0, 0.0, 0.0))
    assert told(site, 2.0, {"ev_charger": 11.0})["ev_charger"].power_kw == pytest.approx(3 * 2.6)


def test_battery_on_a_phase_helps_it() -> None:
    site = a_home(a_battery(phase="l1"), a_heat_pump(phase="l1"), shares=(1.0, 0.0, 0.0))
    found = told(site, 5.0, {"battery": 0.0, "heat_pump": 2.0})
    assert found["battery"].power_kw == pytest.approx(-2.4)
    assert found["heat_pump"].power_kw == 2.0


def test_phases_are_looked_at_only_where_there_is_a_limit() -> None:
    site = a_home(an_ev_charger(phases=(1,)), fuse_a=None, shares=(1.0, 0.0, 0.0))
    assert told(site, 9.0, {"ev_charger": 3.68})["ev_charger"].power_kw == pytest.approx(3.68)


def test_sun_stored_on_one_phase_does_not_overload_it() -> None:
    """The array feeds all three phases and may not export; the battery is on the first, beside the load."""
    site = a_site(
        a_battery(phase="l1", max_charge_kw=8.0, max_discharge_kw=8.0),
        a_pv(peak_kw=9.0),
        max_import_kw=40.0,
        max_export_kw=0.0,
        max_import_a_per_phase=20.0,
        load_phase_shares=(1.0, 0.0, 0.0),
    )
    found = told(site, 1.0, {}, pv=-9.0)
    pv_kw = min(9.0, -(found["pv"].power_kw if found["pv"].power_kw is not None else -9.0))
    drawn = by_phase_kw(site, 1.0, found, pv_kw)
    assert max(drawn) <= 4.6 + 1e-6
    assert sum(drawn) >= -1e-6, "what the battery leaves is held back"


PHASE = st.sampled_from([None, "l1", "l2", "l3"])


@settings(max_examples=300, deadline=None)
@given(
    load_kw=st.floats(0.0, 13.0),
    shares=st.sampled_from([EVEN, (1.0, 0.0, 0.0), (0.5, 0.3, 0.2), (0.0, 0.6, 0.4)]),
    phases=st.tuples(PHASE, PHASE, PHASE, PHASE),
    counts=st.sampled_from([(1,), (3,), (1, 3)]),
    max_current_a=st.sampled_from([16.0, 32.0]),
    wishes=st.fixed_dictionaries(
        {},
        optional={
            "ev_charger": st.floats(0.0, 22.0),
            "battery": st.floats(-5.0, 5.0),
            "heat_pump": st.floats(0.0, 2.5),
            "flexible_load": st.sampled_from([0.0, 0.5]),
        },
    ),
    pv_kw=st.floats(0.0, 8.0),
    fuse_a=st.sampled_from([10.0, 16.0, 25.0]),
)
def test_no_phase_is_ever_told_to_draw_more_than_its_fuse_while_the_load_allows(
    load_kw: float,
    shares: tuple[float, float, float],
    phases: tuple[str | None, ...],
    counts: tuple[int, ...],
    max_current_a: float,
    wishes: dict[str, float],
    pv_kw: float,
    fuse_a: float,
) -> None:
    site = a_home(
        a_pv(peak_kw=8.0),
        an_ev_charger(phases=counts, max_current_a=max_current_a, phase=phases[0]),
        a_battery(phase=phases[1]),
        a_heat_pump(phase=phases[2]),
        a_flexible_load(phase=phases[3]),
        fuse_a=fuse_a,
        shares=shares,
    )
    found = told(site, load_kw, wishes, pv=-pv_kw)
    fed_kw = pv_kw if found["pv"].power_kw is None else min(pv_kw, -found["pv"].power_kw)
    limit_kw = fuse_a * 0.23
    for drawn_kw, share in zip(by_phase_kw(site, load_kw, found, fed_kw), shares, strict=True):
        assert drawn_kw <= max(limit_kw, share * load_kw) + 1e-6
    charger = found["ev_charger"]
    assert (charger.phases is None) == (charger.power_kw == 0.0)
    assert charger.phases is None or charger.phases in counts
