"""What is to be done about a setpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.core import State

from ..core.dispatch import Setpoint
from ..core.model import Asset
from ..home import Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An action of Home Assistant for one entity."""

    domain: str
    action: str
    entity_id: str
    data: Mapping[str, Any] = field(default_factory=dict)
    done: Callable[[State], bool] | None = field(default=None, compare=False, repr=False)
    """Whether the entity's state shows that the device did it; None: no state would."""

    def seen_in(self, state: State | None) -> bool | None:
        """Whether the entity shows it; None where it never could."""
        return None if self.done is None else state is not None and self.done(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There is nothing to tell the device."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """The entity cannot say what is wanted."""

    reason: str


type Command = tuple[Call, ...] | Nothing | Impossible


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One setpoint on its way to one entity."""

    setpoint: Setpoint
    asset: Asset
    """As the household wishes it."""
    binding: Binding
    state: State
    """Of the entity, with its limits and options."""
    comfort_c: tuple[float, float] | None
    """Least and most temperature now; None for what does not heat."""
    temperature_unit: str
    """Home Assistant's: thermostats are told in it."""
    at_least_low: bool = False
    """A value below what the entity can be set to becomes its least one instead of impossible."""
    last_kw: float | None = None
    """What HEMS commanded last; None: nothing yet, or released."""
