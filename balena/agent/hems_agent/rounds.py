"""The agent at work: telemetry in two threads, and every few seconds a look after everything else."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
import json
import logging
import os
from pathlib import Path
import threading
import time

from hems_core.exchange import Announcement, EventAnswer, EventState, Topics, encode

from . import diagnostics, metrics, status
from .engine_figures import EngineFigures
from .feeds import Change, Trouble
from .ingest import Ingest, IngestOptions
from .late import LatePoints
from .probes import Probes, Seen, access_point
from .provision import RAW, HomeOptions, Provisioner, ReplicationStatus, fleet_of, refused_copy
from .sealed_fleet import SealedFleet
from .sealed_link import LinkOptions
from .settings import Settings
from .spool import Spool
from .supervisor import Restarter, restarter_of
from .update_lock import UpdateLock
from .watchdog import Watchdog
from .writer import InfluxSink, Writer, WriterOptions

_LOGGER = logging.getLogger(__name__)
VERSION = "0.1.0"
ROUND_S = 10.0
SETTLE_S = 5.0
PROVISION_EVERY_S = 60.0
TELL_EVERY_S = 30.0
"""How often the state of the stack is published, recorded and written down, and at once when the alerts change."""


class Agent:
    """Everything that runs in the agent's container."""

    def __init__(self, settings: Settings, variables: Mapping[str, str], log: diagnostics.LogTail) -> None:
        self._settings, self._variables, self._log = settings, variables, log
        self._home = settings.home
        self._topics = Topics(self._home)
        self._stop = threading.Event()
        self._replication = ReplicationStatus()
        self._troubled: dict[str, Trouble] = {}
        self._told: tuple[float, str] = (0.0, "")
        self._booted_s = time.time() - time.monotonic()
        self._lock = UpdateLock(settings.lock)
        self._restarter: Restarter = restarter_of(variables)
        self._watchdog = Watchdog(settings.data / "watchdog.json")
        self.figures = metrics.Figures()
        self._spool = Spool(settings.data / "spool", max_bytes=settings.spool_mb * 2**20)
        broker = LinkOptions(
            home=self._home,
            host=settings.mqtt_host,
            port=settings.mqtt_port,
            username="agent",
            password=lambda: settings.secret("mqtt_password"),
        )
        self._ingest = Ingest(
            self._ingest_options(broker), self._spool, on_event=self._on_event, on_feeds=self._on_feeds
        )
        database = HomeOptions(url=settings.influx_url, secrets=settings.secrets, state=settings.data)
        sink = InfluxSink(database.url, org=database.org, bucket=RAW, token=lambda: settings.secret("write_token"))
        self._late = LatePoints(settings.data / "late.json")
        self._writer = Writer(self._spool, sink, WriterOptions(rejects=settings.data / "rejects"), late=self._late)
        self._probes = Probes(settings, lambda: self._ingest.state().trouble)
        self._engine = EngineFigures(self._probes.engine_metrics)
        self._refused_copy = refused_copy(variables)
        self._provisioner = self._new_provisioner(database)
        self._sealed = SealedFleet(broker, variables, settings.secret("sealed_names"))

    def run(self) -> None:
        """Until `stop`; then everything that arrived is on the disk."""
        server = metrics.serve(self.figures, self._settings.metrics_port)
        works = {
            "ingest": self._ingest.run,
            "writer": self._writer.run,
            "provision": self._provision,
            "sealed": self._sealed.run,
        }
        threads = [threading.Thread(target=self._guarded(work), name=name) for name, work in works.items()]
        for thread in threads:
            thread.start()
        self._announce()
        try:
            self._settle()
            while not self._stop.is_set():
                self._round()
                self._stop.wait(ROUND_S)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
            server.shutdown()
            server.server_close()
            self._probes.close()
            self._spool.close()

    def _settle(self) -> None:
        """A connection that is just being made is no illness."""
        deadline_s = time.monotonic() + SETTLE_S
        while not self._ingest.state().connected and time.monotonic() < deadline_s:
            self._stop.wait(0.1)

    def stop(self) -> None:
        """From any thread or a signal handler."""
        self._stop.set()

    def _guarded(self, work: Callable[[threading.Event], None]) -> Callable[[], None]:
        """A thread that fails takes the whole agent with it: the container is started again, nothing is half dead."""

        def run() -> None:
            try:
                work(self._stop)
            except BaseException:
                _LOGGER.critical("%s failed", threading.current_thread().name, exc_info=True)
                os._exit(1)

        return run

    def _ingest_options(self, broker: LinkOptions) -> IngestOptions:
        return IngestOptions(
            home=broker.home,
            host=broker.host,
            port=broker.port,
            username=broker.username,
            password=broker.password,
            will=(self._topics.stack_availability, b"offline"),
            feeds=self._settings.feeds,
        )

    def _new_provisioner(self, database: HomeOptions) -> Provisioner:
        fleet, problem = None, ""
        try:
            if self._refused_copy:
                _LOGGER.warning("%s", self._refused_copy)
            else:
                fleet = fleet_of(self._variables)
        except ValueError as error:
            # A copy that there is, and what waits in it, outlives a mistyped variable.
            problem = str(error)
            _LOGGER.warning("the copy to the fleet stays as it is: %s", problem)
        return Provisioner(database, fleet, problem=problem, late=self._late)

    def _provision(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._replication = self._provisioner.step()
            stop.wait(PROVISION_EVERY_S)
        self._provisioner.close()

    def _announce(self) -> None:
        now = datetime.now(UTC)
        announced = Announcement(home=self._home, time=now, version=VERSION, services=status.SERVICES)
        self._ingest.publish(self._topics.stack_announce, encode(announced), retain=True)
        topic, payload = status.discovery(self._home, VERSION)
        self._ingest.publish(topic, payload, retain=True)
        self._ingest.publish(self._topics.stack_availability, b"online", retain=True)

    def _on_event(self, answer: EventAnswer) -> None:
        if answer.id is not None:
            now_s = time.time()
            self._lock.event(answer.id, answer.state is EventState.ACTIVE, now_s, answer.time.timestamp())
            self._lock.hold(now_s)

    def _on_feeds(self, changes: list[Change]) -> None:
        for change in changes:
            if change.trouble is None:
                self._troubled.pop(change.asset, None)
            else:
                self._troubled[change.asset] = change.trouble

    def _round(self) -> None:
        # A board without a clock of its own gets the time from the network, hours off, while the others start: patience
        # with them counts from when the agent did, whatever the clock says then.
        now_s, steady_s = time.time(), self._booted_s + time.monotonic()
        self._lock.hold(now_s)
        seen = self._probes.look()
        well = {name: one.is_well for name, one in seen.items()}
        silent = {name for name, one in seen.items() if one.is_silent}
        for service in self._watchdog.look(well, steady_s, in_event=self._lock.in_event, silent=silent):
            self._restart(service, steady_s)
        if self._replication.restart_recommended and not self._lock.in_event:
            self._replication = replace(self._replication, restart_recommended=False)
            self._restart("influxdb", steady_s)
        state = self._state(now_s, seen)
        self.figures.tell(state)
        alerts = "".join(state.alerts())
        if steady_s - self._told[0] >= TELL_EVERY_S or alerts != self._told[1]:
            self._told = (steady_s, alerts)
            self._keep_diagnostics(state)
            self._ingest.publish(self._topics.stack_state, json.dumps(status.message(state)).encode(), retain=True)
            self._ingest.write(status.points(self._home, replace(state, engine=self._engine.look())))

    def _keep_diagnostics(self, state: status.StackState) -> None:
        told = diagnostics.bundle(self._settings, self._variables, state, self._log)
        try:
            diagnostics.keep(self._settings.data / "diagnostics.json", told)
        except OSError as error:
            # A disk that takes nothing is told by its own alert, and is no reason to stop looking after the rest.
            _LOGGER.warning("the diagnostics cannot be written: %s", error.strerror)

    def _restart(self, service: str, steady_s: float) -> None:
        refused = self._restarter.restart(service)
        self._watchdog.restarted(service, steady_s)
        if refused:
            _LOGGER.warning("%s is sick and was not restarted: %s", service, refused)
        else:
            _LOGGER.warning("%s is sick and is restarted", service)

    def _state(self, now_s: float, seen: Mapping[str, Seen]) -> status.StackState:
        troubled = dict(self._troubled)
        return status.StackState(
            now_s=now_s,
            services=seen,
            restarts={name: patient.restarts for name, patient in self._watchdog.patients.items()},
            ingest=self._ingest.state(),
            spool=self._spool.state(),
            writer=self._writer.state(),
            replication=self._replication,
            silent_feeds=tuple(sorted(name for name, trouble in troubled.items() if trouble is Trouble.SILENT)),
            lossy_feeds=tuple(sorted(name for name, trouble in troubled.items() if trouble is not Trouble.SILENT)),
            access_point=access_point(self._settings.wifi_state),
            problems=(*self._settings.problems, *self._sealed.problems(), *filter(None, [self._refused_copy])),
            sealed=self._sealed.state(),
            in_event=self._lock.in_event,
            updates_held=self._lock.held,
            disk_free_percent=_free_percent(self._settings.data),
        )


def _free_percent(directory: Path) -> float:
    disk = os.statvfs(directory)
    return 100.0 * disk.f_bavail / max(1, disk.f_blocks)
