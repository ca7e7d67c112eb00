"""From a setpoint to the action call of the entity that is bound to an asset.

```
Setpoint ─ command_of (by the entity's domain) ─► Call | Nothing | Impossible ─ writer.py ─► Applied | Refused
```

What each kind of entity is told:

| entity | power | 0 kW | released (None) |
|-|-|-|-|
| number (W, kW, A, %) | the power in its unit, towards 0 to its step | 0 | battery 0, everything else its maximum |
| switch, input_boolean, light | on | off | on for heat, PV and EV; restored for flexible loads |
| switch of a battery | on while it charges | off | off |
| climate, water_heater | heating to the top of the comfort band | to its bottom | to its middle |
| select | the option that means it | likewise | likewise |
| button | pressed once | nothing | nothing |

A charger that switches its phases is told them first, by an entity of its own (phases.py), and only then its current.
The comfort band is the one that the household wishes, of that time of the day; a release is for the day's.
A heater is never switched off by way of its thermostat, only turned down: frost and hygiene protection stay. An
appliance that is released is left alone, whatever it does.
"""

from .calls import Call, Command, Impossible, Nothing
from .domains import command_of
from .writer import Writer

__all__ = ["Call", "Command", "Impossible", "Nothing", "Writer", "command_of"]
