"""What every test inside Home Assistant needs."""

import logging

import pytest
import pytest_socket

import custom_components.hems  # noqa: F401  # before `hass` mounts a custom_components of its own
from custom_components.hems.core.demand_response import Ledger
from custom_components.hems.core.model import Plan, PlanRequest
from custom_components.hems.core.model.load_learning import (
    LearnedLoad,
    LearnLoadRequest,
    LoadForecast,
    LoadForecastRequest,
)
from custom_components.hems.core.wire import Problem, adapter_of
from custom_components.hems.observe.absences import Absences
from custom_components.hems.observe.arrays import SunMemory
from custom_components.hems.observe.published import PublishedPrices
from custom_components.hems.observe.visits import Visits
from custom_components.hems.remembering import Memory
from custom_components.hems.settings import MadePlan, Wishes
from tests.integration.running import FakeEngine

# Readers and writers of messages are built from real datetimes, so before any test freezes time.
KEPT = (MadePlan, Wishes, Memory, SunMemory, PublishedPrices, Visits, Absences, Ledger, dict)
SENT = (Plan, PlanRequest, Problem, LearnedLoad, LearnLoadRequest, LoadForecast, LoadForecastRequest)
for message in (*KEPT, *SENT):
    adapter_of(message)


@pytest.fixture(autouse=True)
def hems_can_be_loaded(request):
    """Custom integrations are found; the recorder, where a test asks for it, comes first."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True, scope="session")
def database_is_quiet():
    """The test harness logs each statement otherwise."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
def embedded_engine_allowed(socket_enabled):
    """The child process is asked over a Unix socket, which the harness blocks like the network."""
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture
async def engine(socket_enabled):
    """An engine over HTTP that a test holds in its hands."""
    fake = FakeEngine()
    await fake.start()
    yield fake
    await fake.stop()
