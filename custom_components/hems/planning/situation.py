"""What a request is made from, and what is found to be poor on the way."""

from dataclasses import dataclass, field

from ..core.model import HealthStatus, Horizon, InputHealth, Pv, Series, Tariff
from ..devices import Outlook
from ..home import FixedTariff, Home
from ..runtime import Live
from ..settings import Wishes
from .series import completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The home at one moment."""

    home: Home
    latitude: float
    longitude: float
    wishes: Wishes
    """With settings for each asset of the home."""
    live: Live
    outlook: Outlook
    horizon: Horizon
    """Starts at the home's now."""

    def constant(self, value: float) -> Series:
        """The same over the whole horizon."""
        return Series.constant(value, self.horizon.start, self.horizon.end)

    def tariff(self, findings: Findings) -> Tariff:
        """Prices over the whole horizon."""
        home = self.home
        match home.tariff:
            case FixedTariff() as tariff:
                return Tariff(
                    currency=home.currency,
                    import_price=self.constant(tariff.import_price_per_kwh),
                    export_price=self.constant(tariff.export_price_per_kwh),
                    fixed_per_day=tariff.fixed_per_day,
                )
            case _:
                raise NotImplementedError

    def clear_sky_kw(self, pv: Pv) -> Series:
        """What an array gives on a usual day, from the position of the sun alone."""
        return self.constant(0.0)


@dataclass(slots=True)
class Findings:
    """Collects the health of the inputs."""

    horizon: Horizon
    health: list[InputHealth] = field(default_factory=list)

    def degraded(self, source: str, reason: str) -> None:
        """It is used all the same."""
        self.health.append(InputHealth(source=source, status=HealthStatus.DEGRADED, reason=reason))

    def error(self, source: str, reason: str) -> None:
        """It is not used."""
        self.health.append(InputHealth(source=source, status=HealthStatus.ERROR, reason=reason))

    def completed(self, source: str, series: Series | None, spare: Series, otherwise: str) -> Series:
        """The series over the whole horizon; what had to be filled in is named."""
        full, missing = completed(series, spare, self.horizon.start, self.horizon.end)
        if missing:
            self.degraded(source, otherwise if missing > 0.999 else f"{missing:.0%} is missing; there, {otherwise}")  # noqa: PLR2004
        return full
