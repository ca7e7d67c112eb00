"""Who may ask or command something of a home: whoever may control one of the entities that stand for it.

Home Assistant itself looks at this only for actions that name entities.
"""

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .runtime import HemsConfigEntry


def check_control(hass: HomeAssistant, user: User, entry: HemsConfigEntry, asset: str | None = None) -> None:
    """Pass whoever may control an entity of the asset, or of the home where no asset is meant.

    Raises:
        Unauthorized: they may not.
    """
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    meant = [entity for entity in entities if asset is None or entity.config_subentry_id == asset]
    if not user.is_admin and not any(
        user.permissions.check_entity(entity.entity_id, POLICY_CONTROL) for entity in meant
    ):
        raise Unauthorized(
            user_id=user.id, config_entry_id=entry.entry_id, perm_category=CAT_ENTITIES, permission=POLICY_CONTROL
        )


async def async_may_control(hass: HomeAssistant, context: Context, entry: HemsConfigEntry, asset: str) -> bool:
    """Whether whoever called an action may control that asset."""
    try:
        await async_check_caller(hass, context, entry, asset)
    except Unauthorized:
        return False
    return True


async def async_check_caller(
    hass: HomeAssistant, context: Context, entry: HemsConfigEntry, asset: str | None = None
) -> None:
    """The same for whoever called an action; automations and scripts of the house are nobody's.

    Raises:
        Unauthorized: they may not.
    """
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    check_control(hass, user, entry, asset)
