"""Where each message goes."""

from dataclasses import dataclass
import re
import unicodedata

ROOT = "hems"
ANNOUNCE_FILTER = f"{ROOT}/+/stack/announce"
"""Where any stack announces itself."""
HOME_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ASSET_ID = re.compile(r"[a-z0-9_-]{1,64}")
_OTHERS = re.compile(r"[^a-z0-9_-]+")


def is_home_id(text: str) -> bool:
    """Whether a text can be the id of a home: pseudonymous, and one level of a topic."""
    return HOME_ID.fullmatch(text) is not None


def asset_id(name: str) -> str:
    """The name of an asset as one level of a topic: lower case, without accents, at most 64 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _OTHERS.sub("_", plain).strip("_")[:64] or "asset"


@dataclass(frozen=True, slots=True)
class Topics:
    """Those of one home."""

    home: str

    def __post_init__(self) -> None:
        if not is_home_id(self.home):
            raise ValueError(f"home: must be 1 to 64 characters of a-z, 0-9, _ and -, got {self.home!r}")

    @property
    def base(self) -> str:
        """Everything of this home lies below."""
        return f"{ROOT}/{self.home}"

    def telemetry(self, asset: str) -> str:
        """Measurements of one asset, by its id."""
        return f"{self.base}/telemetry/{asset}"

    @property
    def every_telemetry(self) -> str:
        """Filter for the measurements of all assets."""
        return self.telemetry("+")

    def asset_of(self, topic: str) -> str | None:
        """Whose measurements come under a topic; None for any other topic."""
        before = f"{self.base}/telemetry/"
        asset = topic.removeprefix(before)
        return asset if topic.startswith(before) and ASSET_ID.fullmatch(asset) else None

    @property
    def plan(self) -> str:
        """The plan in force."""
        return f"{self.base}/plan"

    @property
    def flexibility(self) -> str:
        """What the home could do otherwise."""
        return f"{self.base}/flexibility"

    @property
    def status(self) -> str:
        """Whether HEMS runs."""
        return f"{self.base}/status"

    @property
    def event_request(self) -> str:
        """Where events are asked for."""
        return f"{self.base}/events/request"

    @property
    def event_cancel(self) -> str:
        """Where events are taken back."""
        return f"{self.base}/events/cancel"

    @property
    def event_states(self) -> str:
        """Answers to messages whose event nobody can name; the states of all events lie below."""
        return f"{self.base}/events/state"

    def event_state(self, event: str) -> str:
        """What becomes of one event."""
        return f"{self.event_states}/{event}"

    @property
    def sealed(self) -> str:
        """What goes to the fleet, if it is to be sealed, lies below."""
        return f"{self.base}/sealed"

    @property
    def stack_announce(self) -> str:
        """The stack says that it is there."""
        return f"{self.base}/stack/announce"

    @property
    def stack_state(self) -> str:
        """How the stack is."""
        return f"{self.base}/stack/state"

    @property
    def stack_availability(self) -> str:
        """Last will of the stack's agent."""
        return f"{self.base}/stack/availability"
