"""What is behind which inverter."""

from collections.abc import Iterable

from .asset import Asset
from .inverter import HybridInverter, behind_of
from .pv import Pv, PvState
from .request import PlanRequest
from .site import Site


def inverter_of(site: Site, asset: Asset) -> HybridInverter | None:
    """The inverter that an asset is behind."""
    name = behind_of(asset)
    found = None if name is None else site.asset(name)
    return found if isinstance(found, HybridInverter) else None


def members_of(site: Site, inverter: HybridInverter) -> tuple[Asset, ...]:
    """The batteries and arrays behind an inverter."""
    return tuple(asset for asset in site.assets if behind_of(asset) == inverter.name)


def sun_kw(request: PlanRequest, pv: Pv) -> tuple[float, ...]:
    """What the sun offers an array in each step, at most its peak."""
    known_kw = request.horizon.known(f"{pv.name}.available_kw", request.state_of(pv, PvState).available_kw)
    return tuple(min(kw, pv.peak_kw) for kw in known_kw)


def suns_kw(request: PlanRequest, arrays: Iterable[Pv] | None = None) -> tuple[float, ...]:
    """What the sun offers some arrays together in each step; None: all of the site."""
    of = [asset for asset in request.site.assets if isinstance(asset, Pv)] if arrays is None else arrays
    steps = ((0.0,) * request.horizon.steps, *(sun_kw(request, array) for array in of))
    return tuple(map(sum, zip(*steps, strict=True)))


def clippable_kw(request: PlanRequest, pv: Pv) -> tuple[float, ...]:
    """Most of an array's sun in each step that its inverter may have to clip, even where nobody may hold it back."""
    inverter = inverter_of(request.site, pv)
    own_kw = sun_kw(request, pv)
    if inverter is None:
        return (0.0,) * len(own_kw)
    suns = [sun_kw(request, asset) for asset in members_of(request.site, inverter) if isinstance(asset, Pv)]
    through_kw = -inverter.dc_range_kw[0]
    return tuple(min(own, max(0.0, sum(all_kw) - through_kw)) for own, *all_kw in zip(own_kw, *suns, strict=True))
