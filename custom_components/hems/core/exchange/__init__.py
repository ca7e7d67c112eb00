"""What a home says and is asked over MQTT, as JSON and back, without loss.

```
hems/<home>/telemetry/<asset>   Telemetry      measurements, about every ten seconds
hems/<home>/plan                PlanMessage    retained
hems/<home>/flexibility         Flexibility    retained
hems/<home>/status              Status         retained
hems/<home>/events/request      EventRequest   from a demand-response script
hems/<home>/events/cancel       EventCancel
hems/<home>/events/state/<id>   EventAnswer    retained until a day after its end
hems/<home>/stack/announce      Announcement   retained, from the stack's agent
hems/<home>/sealed/…            Sealed         any of the above that goes to the fleet, if it is to be sealed
```

Reading is strict: an unknown field or quantity, a wrong type, NaN, a power that no home has or a time without a
zone raises `ExchangeError`, which says which field, what stood there and what to send instead. Every message
carries `schema`, raised when an older reader would misunderstand it. Nothing here does I/O or reads a clock.
"""

from ..model.grid_event import EventCancel, EventRequest, EventState
from .events import EventAnswer, id_of, read_answer, read_cancel, read_request
from .plan import PlanMessage, plan_message, read_plan
from .quantities import KINDS, QUANTITIES, Quantity
from .reading import ExchangeError, FieldError, encode
from .sealed import Sealed, read_sealed
from .status import Announcement, Flexibility, Status, read_announcement
from .telemetry import Telemetry, read_telemetry
from .topics import Topics, asset_id, is_home_id

__all__ = [
    "KINDS",
    "QUANTITIES",
    "Announcement",
    "EventAnswer",
    "EventCancel",
    "EventRequest",
    "EventState",
    "ExchangeError",
    "FieldError",
    "Flexibility",
    "PlanMessage",
    "Quantity",
    "Sealed",
    "Status",
    "Telemetry",
    "Topics",
    "asset_id",
    "encode",
    "id_of",
    "is_home_id",
    "plan_message",
    "read_announcement",
    "read_answer",
    "read_cancel",
    "read_plan",
    "read_request",
    "read_sealed",
    "read_telemetry",
]
