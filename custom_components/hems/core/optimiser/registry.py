"""Which equations belong to which kind of asset: a new asset is a new file and a line here."""

from collections.abc import Callable
from typing import Any

from ..model import Asset, AssetState, kind_of
from .appliance import appliance_block
from .battery import battery_block
from .block import Block, Context
from .ev import ev_block
from .flexible_load import flexible_load_block
from .heat_pump import heat_pump_block
from .hot_water import hot_water_block
from .inverter import inverter_block
from .pv import pv_block

BLOCKS: dict[str, Callable[[Any, Any, Context], Block]] = {
    "pv": pv_block,
    "battery": battery_block,
    "inverter": inverter_block,
    "ev_charger": ev_block,
    "heat_pump": heat_pump_block,
    "hot_water": hot_water_block,
    "appliance": appliance_block,
    "flexible_load": flexible_load_block,
}


def block_of(asset: Asset, state: AssetState, context: Context) -> Block:
    """The block of an asset in its state.

    Raises:
        TypeError: nobody has written equations for that kind.
    """
    build = BLOCKS.get(kind_of(asset))
    if build is None:
        raise TypeError(f"{asset.name}: there are no equations for a {kind_of(asset)}")
    return build(asset, state, context)
