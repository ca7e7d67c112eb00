"""Adding and changing an asset: one form, whatever its kind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME

from ..const import (
    CONF_CONTROL_ENTITY,
    CONF_CURRENCY,
    CONF_INVERTER,
    CONF_SIMULATED,
    DOMAIN,
    SUBENTRY_APPLIANCE,
    SUBENTRY_BATTERY,
    SUBENTRY_EV_CHARGER,
    SUBENTRY_FLEXIBLE_LOAD,
    SUBENTRY_HEAT_PUMP,
    SUBENTRY_HOT_WATER,
    SUBENTRY_INVERTER,
    SUBENTRY_PV,
)
from .assets import fields_of, parse_whole_asset
from .fields import Form
from .form import FormStep, async_ask
from .names import async_word, free_name
from .problems import Problem
from .site import NAME


class AssetFlow(ConfigSubentryFlow):
    """The flow of one asset kind.

    Home Assistant hands out one class a kind; the classes differ in nothing but their table of fields.
    The entry reloads by its update listener.
    """

    kind: ClassVar[str]

    async def async_step_user(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Add an asset."""
        return await self.async_step_details(user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Change an asset."""
        return await self.async_step_details(user_input)

    async def async_step_details(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Everything about the asset."""
        home = self._get_entry().data
        inverters = self._inverters
        name = free_name(
            await async_word(self.hass, "config_subentries", f"{self.kind}.entry_type"), self._other_titles.__contains__
        )
        form = FormStep(
            step_id="details",
            strings=f"config_subentries.{self.kind}.step.details",
            fields=(
                replace(NAME, default=name),
                *fields_of(self.kind, simulated=home.get(CONF_SIMULATED, False), inverters=inverters),
            ),
            currency=home[CONF_CURRENCY],
            check=self._check,
        )
        return await async_ask(self, form, user_input, self._current, self._accept)

    @property
    def _changed(self) -> ConfigSubentry | None:
        """The asset that is being changed; None for a new one."""
        return self._get_reconfigure_subentry() if self.source == SOURCE_RECONFIGURE else None

    @property
    def _current(self) -> dict[str, Any] | None:
        """What is stored of it."""
        if self._changed is None:
            return None
        data = {CONF_NAME: self._changed.title, **self._changed.data}
        if data.get(CONF_INVERTER) not in self._inverters:
            # It was removed: a choice that is not offered could not be stored again.
            data.pop(CONF_INVERTER, None)
        return data

    @property
    def _inverters(self) -> dict[str, str]:
        """Titles of the home's hybrid inverters, by subentry."""
        assets = self._get_entry().subentries.values()
        return {sub.subentry_id: sub.title for sub in assets if sub.subentry_type == SUBENTRY_INVERTER}

    @property
    def _other_titles(self) -> set[str]:
        own = self._changed.subentry_id if self._changed else None
        return {sub.title for sub in self._get_entry().subentries.values() if sub.subentry_id != own}

    def _check(self, data: Mapping[str, Any]) -> Problem | None:
        title = data[CONF_NAME]
        if not title:
            return Problem("missing", CONF_NAME)
        if title in self._other_titles:
            return Problem("name_taken", CONF_NAME, {"value": title})
        parse_whole_asset(self.kind, title, data)
        return self._control_problem(data.get(CONF_CONTROL_ENTITY))

    def _control_problem(self, entity_id: str | None) -> Problem | None:
        """Two assets that command the same entity would undo each other's work."""
        own = self._changed.subentry_id if self._changed else None
        assets = (
            asset for home in self.hass.config_entries.async_entries(DOMAIN) for asset in home.subentries.values()
        )
        for asset in assets:
            if entity_id is not None and asset.subentry_id != own and asset.data.get(CONF_CONTROL_ENTITY) == entity_id:
                return Problem("control_taken", CONF_CONTROL_ENTITY, {"entity": entity_id, "value": asset.title})
        return None

    async def _accept(self, data: dict[str, Any]) -> SubentryFlowResult:
        title = data.pop(CONF_NAME)
        if self._changed:
            return self.async_update_and_abort(self._get_entry(), self._changed, title=title, data=data)
        return self.async_create_entry(title=title, data=data)


class PvFlow(AssetFlow):
    """A PV array."""

    kind = SUBENTRY_PV


class BatteryFlow(AssetFlow):
    """A battery."""

    kind = SUBENTRY_BATTERY


class InverterFlow(AssetFlow):
    """A hybrid inverter."""

    kind = SUBENTRY_INVERTER


class EvChargerFlow(AssetFlow):
    """A charging point."""

    kind = SUBENTRY_EV_CHARGER


class HeatPumpFlow(AssetFlow):
    """A heat pump with its building."""

    kind = SUBENTRY_HEAT_PUMP


class HotWaterFlow(AssetFlow):
    """A hot-water tank."""

    kind = SUBENTRY_HOT_WATER


class ApplianceFlow(AssetFlow):
    """An appliance with a programme."""

    kind = SUBENTRY_APPLIANCE


class FlexibleLoadFlow(AssetFlow):
    """A load that may be switched off."""

    kind = SUBENTRY_FLEXIBLE_LOAD


FLOWS: dict[str, type[ConfigSubentryFlow]] = {
    flow.kind: flow
    for flow in (
        PvFlow,
        BatteryFlow,
        InverterFlow,
        EvChargerFlow,
        HeatPumpFlow,
        HotWaterFlow,
        ApplianceFlow,
        FlexibleLoadFlow,
    )
}


def flows_of(home: Mapping[str, Any]) -> dict[str, type[ConfigSubentryFlow]]:
    """What can be added to a home; a simulated one has no hybrid inverters."""
    left_out = {SUBENTRY_INVERTER} if home.get(CONF_SIMULATED) else set()
    return {kind: flow for kind, flow in FLOWS.items() if kind not in left_out}
