"""An engine for tests: the app's own files in a directory, and servers around stand-in workers."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
import os
from pathlib import Path
import shutil
import sys

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
import pytest

from custom_components.hems.core import wire
from custom_components.hems.core.engine.app import make_app
from custom_components.hems.core.engine.metrics import Metrics
from custom_components.hems.core.engine.planning import Planning
from custom_components.hems.core.engine.worker_process import Worker
from custom_components.hems.core.model import Plan, PlanRequest
from tests.engine.running import NO_HOME_ASSISTANT, launched

CORE = Path(__file__).parents[2] / "custom_components" / "hems" / "core"
STAND_IN = Path(__file__).parent / "stand_in_worker.py"


@pytest.fixture(autouse=True)
def sockets(request):
    """Real ones, on this machine: the harness for Home Assistant, where it is installed, closes them all."""
    if request.config.pluginmanager.hasplugin("homeassistant"):
        import pytest_socket

        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def app_files(tmp_path_factory) -> Path:
    """What the app's image holds: the core, called hems_core, and nothing else."""
    directory = tmp_path_factory.mktemp("app")
    shutil.copytree(CORE, directory / "hems_core", ignore=shutil.ignore_patterns("__pycache__"))
    return directory


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server in this process, its worker in another."""

    client: TestClient
    worker: Worker
    planning: Planning

    async def post(self, body: bytes, **headers: str) -> ClientResponse:
        headers = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return await self.client.post("/v1/plan", data=body, headers=headers)

    async def plan(self, request: PlanRequest) -> Plan:
        response = await self.post(wire.encode(request))
        assert response.status == 200, await response.text()
        return wire.decode(Plan, await response.read())

    async def health(self) -> wire.EngineHealth:
        response = await self.client.get("/v1/health")
        return wire.decode(wire.EngineHealth, await response.read())


@asynccontextmanager
async def an_engine(argv: Sequence[str], token: str | None = None, max_waiting: int = 3) -> AsyncIterator[Running]:
    worker, metrics = Worker(argv), Metrics("test")
    metrics.watch_worker(lambda: worker.state == "ready", lambda: worker.restarts)
    planning = Planning(worker, metrics, max_waiting=max_waiting)
    app = make_app(worker, planning, metrics, token)
    worker.start()
    try:
        async with TestClient(TestServer(app)) as client:
            yield Running(client=client, worker=worker, planning=planning)
    finally:
        await worker.stop()


type Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(app_files) -> Start:
    """`async with start() as engine`: with a stand-in worker unless another command is given."""

    def begin(argv: Sequence[str] | None = None, **options):
        return an_engine(argv or (sys.executable, str(STAND_IN), str(app_files)), **options)

    return begin


@pytest.fixture(scope="session")
def path(app_files, tmp_path_factory) -> str:
    """PYTHONPATH: the app's files, and a start-up file that forbids Home Assistant."""
    forbidding = tmp_path_factory.mktemp("forbidding")
    (forbidding / "sitecustomize.py").write_text(NO_HOME_ASSISTANT)
    return os.pathsep.join([str(forbidding), str(app_files)])


@pytest.fixture
def launch(path, tmp_path):
    """`with launch("--port", "0") as engine`."""
    return partial(launched, path, tmp_path)
