"""Which entities fit which field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from homeassistant.components.weather.const import WeatherEntityFeature
from homeassistant.const import (
    ATTR_SUPPORTED_FEATURES,
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, EntityWithDeviceFilterSelectorConfig
from homeassistant.util.unit_conversion import (
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..const import DOMAIN
from ..observe.emissions import kg_per_kwh
from ..observe.prices.units import per_kwh
from .problems import Problem

MEASURING = ("sensor", "input_number", "number")
"""Domains whose state is a number with a unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRole:
    """What an entity must be to serve a field."""

    domains: tuple[str, ...]
    device_class: str | None = None
    """Only narrows what is offered: helpers and templates often have none."""
    fits: Callable[[str | None], bool] | None = None
    """Whether a unit does, of an entity whose state is a number; None: not looked at."""
    expected: str = ""
    """Units as people write them."""
    feature: tuple[str, int] | None = None
    """One that it must have: how selectors call it, and its bit."""
    made_by: Callable[[str, str | None], bool] | None = None
    """Whether one of a domain, by an integration (None: not known), does; None: any."""
    only_of: Mapping[str, str] = field(default_factory=dict)
    """By domain: the integration whose entities alone are offered."""
    unfit: str = ""
    """The error where it lacks the feature, or is made by another."""

    def selector(self, *, multiple: bool = False) -> EntitySelector:
        """Offers what fits, for one entity or any number of them."""
        filters = [
            EntityWithDeviceFilterSelectorConfig(domain=domain, integration=made_by)
            for domain, made_by in self.only_of.items()
        ]
        filters.insert(
            0, EntityWithDeviceFilterSelectorConfig(domain=[d for d in self.domains if d not in self.only_of])
        )
        if self.feature is not None:
            filters[0]["supported_features"] = [self.feature[0]]
        if self.device_class is not None:
            others = [domain for domain in self.domains if domain not in ("sensor", "number")]
            filters = [
                EntityWithDeviceFilterSelectorConfig(domain=["sensor", "number"], device_class=self.device_class),
                EntityWithDeviceFilterSelectorConfig(domain=others),
            ]
        return EntitySelector(EntitySelectorConfig(filter=filters, multiple=multiple))

    def problem(self, hass: HomeAssistant, key: str, entity_id: str) -> Problem | None:
        """Why the entity cannot serve; None if it can. One that is only unavailable just now can."""
        state, entry = hass.states.get(entity_id), er.async_get(hass).async_get(entity_id)
        if error := _absence(state, entry):
            return Problem(error, key, {"entity": entity_id})
        if split_entity_id(entity_id)[0] not in self.domains:
            return Problem("wrong_domain", key, {"entity": entity_id, "expected": ", ".join(self.domains)})
        if (state is not None and self._lacks_feature(state)) or not self._is_made_well(entity_id, entry):
            return Problem(self.unfit, key, {"entity": entity_id})
        if state is None or self._measures(state):
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, "?")
        return Problem("wrong_unit", key, {"entity": entity_id, "unit": unit, "expected": self.expected})

    def _measures(self, state: State) -> bool:
        """Whether its unit does, as far as it has one just now."""
        if self.fits is None or state.domain not in MEASURING:
            return True
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        return self.fits(unit) or (unit is None and state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN))

    def _lacks_feature(self, state: State) -> bool:
        """Whether it is certain that it cannot do what it must; one that is unavailable may not say."""
        if self.feature is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return False
        return not state.attributes.get(ATTR_SUPPORTED_FEATURES, 0) & self.feature[1]

    def _is_made_well(self, entity_id: str, entry: er.RegistryEntry | None) -> bool:
        domain = split_entity_id(entity_id)[0]
        return self.made_by is None or self.made_by(domain, entry.platform if entry else None)


def _absence(state: State | None, entry: er.RegistryEntry | None) -> str | None:
    """Why nobody should read or command it."""
    if entry is None:
        return "entity_not_found" if state is None else None
    if entry.disabled:
        return "entity_disabled"
    return "own_entity" if entry.platform == DOMAIN else None


POWER = EntityRole(
    domains=MEASURING, device_class="power", fits=PowerConverter.VALID_UNITS.__contains__, expected="W, kW"
)
STATE_OF_CHARGE = EntityRole(domains=MEASURING, device_class="battery", fits=PERCENTAGE.__eq__, expected="%")
TEMPERATURE = EntityRole(
    domains=MEASURING,
    device_class="temperature",
    fits=TemperatureConverter.VALID_UNITS.__contains__,
    expected="°C, °F",
)
STATE_OF_HEALTH = EntityRole(domains=MEASURING, fits=PERCENTAGE.__eq__, expected="%")
"""Home Assistant has no device class for it."""
COUNT = EntityRole(domains=MEASURING)
VOLTAGE = EntityRole(
    domains=MEASURING,
    device_class="voltage",
    fits=ElectricPotentialConverter.VALID_UNITS.__contains__,
    expected="V, mV",
)
CURRENT = EntityRole(
    domains=MEASURING, device_class="current", fits=ElectricCurrentConverter.VALID_UNITS.__contains__, expected="A, mA"
)
CONNECTED = EntityRole(domains=("binary_sensor", "input_boolean"))
FORECAST = EntityRole(domains=("sensor",))
WEATHER = EntityRole(
    domains=("weather",),
    feature=("weather.WeatherEntityFeature.FORECAST_HOURLY", WeatherEntityFeature.FORECAST_HOURLY),
    unfit="no_hourly_forecast",
)
HOLIDAYS = EntityRole(
    domains=("calendar", "binary_sensor"),
    only_of={"binary_sensor": "workday"},
    # The calendar of Workday lists the days that are none.
    made_by=lambda domain, integration: (integration == "workday") is (domain == "binary_sensor"),
    unfit="tells_no_holidays",
)
AWAY = EntityRole(
    domains=(
        "input_boolean",
        "switch",
        "binary_sensor",
        "person",
        "device_tracker",
        "zone",
        "group",
        "calendar",
    )
)
CO2 = EntityRole(
    domains=MEASURING, fits=lambda unit: kg_per_kwh(unit) is not None, expected="gCO2eq/kWh, g/kWh, kg/MWh"
)
PRICE = EntityRole(
    domains=("sensor", "input_number", "event"),
    fits=lambda unit: per_kwh(unit) is not None,
    expected="EUR/kWh, EUR/MWh, ct/kWh",
)
"""Price lists come as attributes of sensors, some as attributes of events."""


SETTABLE_UNITS = {*PowerConverter.VALID_UNITS, PERCENTAGE}
CURRENT_UNITS = ElectricCurrentConverter.VALID_UNITS


def control(*others: str, current: bool = False) -> EntityRole:
    """An entity that HEMS commands: a number, a select, a switch or one of `others`; `current`: also in A."""
    return EntityRole(
        domains=("number", "input_number", "select", "input_select", "switch", "input_boolean", *others),
        fits=lambda unit: unit in SETTABLE_UNITS or (current and unit in CURRENT_UNITS),
        expected="W, kW, A, %" if current else "W, kW, %",
    )


PHASE_SWITCH = EntityRole(domains=("select", "input_select", "number", "input_number", "switch", "input_boolean"))
"""What tells a charger how many phases to use."""
START = EntityRole(domains=("switch", "input_boolean", "button", "input_button"))
"""What can start a programme."""
