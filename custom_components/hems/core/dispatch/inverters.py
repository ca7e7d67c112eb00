"""What passes through a hybrid inverter stays within its limits."""

from ..model import Battery, HybridInverter, Site
from ..model.dc_bus import members_of
from .draft import Draft
from .setpoint import Reason

TOLERANCE_KW = 1e-6


def keep_inverters(drafts: dict[str, Draft], site: Site) -> None:
    """Batteries behind an inverter give and take no more than passes it beside the sun of its own arrays.

    The sun that does not fit is stored where a battery has room, and else clipped by the inverter itself.
    """
    for inverter in site.assets:
        if not isinstance(inverter, HybridInverter):
            continue
        members = [asset.name for asset in members_of(site, inverter) if asset.name in drafts]
        low_kw, high_kw = inverter.dc_range_kw
        for name in members:
            draft = drafts[name]
            if not isinstance(draft.asset, Battery) or draft.manual or draft.power_kw is None:
                continue
            others_kw = sum(drafts[member].expected_kw for member in members if member != name)
            wanted_kw = max(min(draft.power_kw, high_kw - others_kw), low_kw - others_kw)
            if abs(wanted_kw - draft.power_kw) > TOLERANCE_KW:
                drafts[name] = draft.at(wanted_kw, Reason.DEVICE_LIMIT, strict=False)
