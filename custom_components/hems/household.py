"""The household's wishes: settings, overrides and appliance runs, checked, kept and followed through their life."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import callback

from .abilities import wanted_asset
from .const import SITE_MODES
from .core.model import Appliance, ApplianceRun, Asset, HealthStatus, InputHealth, Override
from .home import Home
from .overrides import checked_override, with_override
from .runs import RunRefused, checked_run, followed
from .runtime import HemsSettings, Live
from .settings import Kept, Wishes
from .wishes_kept import deviating, fitting

_LOGGER = logging.getLogger(__name__)

SAVE_WITHIN_S = 1.0


class Household:
    """What the household asked for, so that it is known after a restart."""

    def __init__(self, home: Home, kept: Kept[Wishes], wishes: Wishes | None = None) -> None:
        self.home = home
        """As it is configured."""
        self._kept = kept
        self._listeners: list[Callable[[], None]] = []
        self._wishes = fitting(home, wishes or Wishes())
        self._live: Live | None = None
        self._missed: dict[str, str] = {}

    async def async_start(self) -> None:
        """Remember; assets that are new since then get what the configuration says."""
        self._wishes = fitting(self.home, await self._kept.async_load() or Wishes())

    @property
    def wishes(self) -> Wishes:
        """All of them; immutable."""
        return self._wishes

    @property
    def settings(self) -> HemsSettings:
        """With an entry for each asset."""
        return self._wishes.settings

    @property
    def runs(self) -> Mapping[str, ApplianceRun]:
        """By appliance: the run that is wanted or under way."""
        return self._wishes.runs

    @property
    def health(self) -> Mapping[str, InputHealth]:
        """By appliance: a run that never began, until the next one is asked for."""
        return {
            asset: InputHealth(source=f"{asset}.run", status=HealthStatus.DEGRADED, reason=reason)
            for asset, reason in self._missed.items()
        }

    def wanted(self, asset: str) -> Asset:
        """An asset with what is wished of it; KeyError if there is none of that name."""
        return wanted_asset(self.home.asset(asset), self.settings.assets[asset])

    def overrides_at(self, now: datetime) -> Mapping[str, Override]:
        """By asset: the one that decides what it does then."""
        return {override.asset: override for override in self._wishes.overrides if override.acts(now)}

    def scheduled_at(self, now: datetime) -> Mapping[str, tuple[Override, ...]]:
        """By asset: those that begin later, the earliest first."""
        later = sorted(
            (entry.start, entry.asset, entry)
            for entry in self._wishes.overrides
            if entry.start is not None and not entry.has_begun(now)
        )
        found: dict[str, tuple[Override, ...]] = {}
        for _, asset, override in later:
            found[asset] = (*found.get(asset, ()), override)
        return found

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told about each change."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def update_settings(self, **changes: Any) -> None:
        """Change what is wanted of the home as a whole.

        Raises:
            ValueError: no such mode.
        """
        settings = replace(self.settings, **changes)
        if settings.mode not in SITE_MODES:
            raise ValueError(f"{self.home.name}: mode must be one of {', '.join(SITE_MODES)}, got {settings.mode!r}")
        self._change(replace(self._wishes, settings=settings))

    @callback
    def update_asset(self, asset: str, **changes: Any) -> None:
        """Change what is wanted of one asset.

        Raises:
            KeyError: no such asset.
            ValueError: the asset cannot be run that way.
        """
        settings = replace(self.settings.assets[asset], **changes)
        try:
            wanted_asset(self.home.asset(asset), settings)
        except ValueError as error:
            title, message = self.home.titles[asset], self.home.in_words(str(error))
            raise ValueError(message if message.startswith(title) else f"{title}: {message}") from error
        assets = {**self.settings.assets, asset: settings}
        self._change(replace(self._wishes, settings=replace(self.settings, assets=assets)))

    @callback
    def set_override(
        self, asset: str, power_kw: float | str, until: datetime, *, now: datetime, start: datetime | None = None
    ) -> Override:
        """Make an asset run at a power, or in one of the `OVERRIDE_MODES`, from `start` (None: `now`) until then.

        Raises:
            KeyError: no such asset.
            PowerTooLow: it is either off or runs at more than that.
            OverridesOverlap: something else was asked of it for that time.
            ValueError: a mode that the asset does not have, a power beyond it, or an end before the start.
        """
        override = checked_override(self.home, asset, power_kw, start=start, until=until)
        overrides = with_override(
            self._wishes.overrides,
            override,
            now=now,
            title=self.home.titles[asset],
            time_zone=self.home.site.time_zone,
        )
        self._change(replace(self._wishes, overrides=overrides))
        return override

    @callback
    def clear_override(self, asset: str, only: Override | None = None) -> bool:
        """Take back all overrides of an asset or only one, be they running or scheduled; whether there were any."""
        left = tuple(
            entry for entry in self._wishes.overrides if entry.asset != asset or (only is not None and entry != only)
        )
        if len(left) == len(self._wishes.overrides):
            return False
        self._change(replace(self._wishes, overrides=left))
        return True

    @callback
    def request_run(self, asset: str, earliest: datetime, latest: datetime) -> ApplianceRun:
        """Want one run of an appliance that starts no earlier and ends no later, instead of one that waits.

        Raises:
            KeyError: no such asset.
            RunRefused: it is not an appliance, it is left to people, its programme does not fit, or it is running.
        """
        device, title = self.home.asset(asset), self.home.titles[asset]
        if not isinstance(device, Appliance):
            raise RunRefused(
                "run_not_an_appliance",
                f"{title}: a run can only be asked of an appliance, got {device.name}",
                asset=title,
                assets=", ".join(
                    sorted(self.home.titles[a.name] for a in self.home.site.assets if isinstance(a, Appliance))
                ),
            )
        if not self.settings.assets[asset].automatic:
            raise RunRefused("run_not_automatic", f"{title}: its automatic control is off", asset=title)
        self._refuse_while_running(asset, device)
        now = self._live.at if self._live else earliest
        run = checked_run(title, device, earliest, latest, now=now, time_zone=self.home.site.time_zone)
        self._missed.pop(asset, None)
        self._change(replace(self._wishes, runs={**self.runs, asset: run}))
        return run

    @callback
    def cancel_run(self, asset: str) -> bool:
        """Take a run back that has not begun; whether there was one.

        Raises:
            KeyError: no such asset.
            RunRefused: it has begun, and a programme is not stopped.
        """
        run = self.runs.get(asset)
        if run is None:
            return False
        if run.started is not None:
            raise self._runs_since(asset, run.started)
        self._change(replace(self._wishes, runs={name: other for name, other in self.runs.items() if name != asset}))
        return True

    @callback
    def follow(self, live: Live, told: Collection[str] = ()) -> None:
        """Let time and measurements begin and end overrides and runs; `told` were made to run by HEMS."""
        before, self._live = self._live, live
        overrides = tuple(entry for entry in self._wishes.overrides if entry.until > live.at)
        runs = {
            asset: run
            for asset, wanted in self.runs.items()
            if (run := self._followed(asset, wanted, live, told=asset in told)) is not None
        }
        if len(overrides) != len(self._wishes.overrides) or runs != self.runs:
            self._change(replace(self._wishes, overrides=overrides, runs=runs))
        elif before is not None and any(
            entry.has_begun(live.at) and not entry.has_begun(before.at) for entry in overrides
        ):
            self._tell()

    async def async_stop(self) -> None:
        """Whatever was wished last is kept."""
        await self._kept.async_flush()

    def _followed(self, asset: str, wanted: ApplianceRun, live: Live, *, told: bool) -> ApplianceRun | None:
        """The run as it is now; None when it is over, which is said if it never began."""
        device = self.home.asset(asset)
        assert isinstance(device, Appliance)  # noqa: S101  # request_run and _fitting let nothing else in
        reading, binding = live.assets.get(asset), self.home.bindings[asset]
        # What HEMS only advises has begun when its meter says so; without one, when it was advised.
        begins = told and (binding.control_entity is not None or reading is None or reading.running is None)
        run = followed(device, wanted, reading, live.at, told=begins)
        if run is None and wanted.started is None:
            until = self._local(wanted.latest_end)
            self._missed[asset] = f"the run wanted by {until} never began and is dropped; ask for it again"
            _LOGGER.warning("%s: the run wanted by %s never began and is dropped", self.home.titles[asset], until)
        return run

    def _refuse_while_running(self, asset: str, device: Appliance) -> None:
        under_way = self.runs.get(asset)
        if under_way is not None and under_way.started is not None:
            raise self._runs_since(asset, under_way.started)
        reading = self._live.assets.get(asset) if self._live else None
        if self._live is not None and reading is not None and reading.running:
            title = self.home.titles[asset]
            raise RunRefused(
                "run_measured",
                f"{title}: a programme of {device.duration} is running already",
                asset=title,
                power=f"{reading.power_kw or 0.0:g}",
            )

    def _runs_since(self, asset: str, started: datetime) -> RunRefused:
        device, title = self.home.asset(asset), self.home.titles[asset]
        assert isinstance(device, Appliance)  # noqa: S101  # nothing else has a run
        return RunRefused(
            "run_under_way",
            f"{title}: its programme is running since {started.isoformat()}",
            asset=title,
            started=self._local(started),
            ends=self._local(started + device.duration),
        )

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo(self.home.site.time_zone)):%Y-%m-%d %H:%M}"

    def _change(self, wishes: Wishes) -> None:
        if wishes == self._wishes:
            return
        self._wishes = wishes
        self._kept.save_within(SAVE_WITHIN_S, lambda: deviating(self.home, self._wishes))
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
