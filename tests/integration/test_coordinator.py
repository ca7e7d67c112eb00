"""Plans come in their rhythm and on events, from the engine or, safely, without it."""

from datetime import timedelta

from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.hems.const import DOMAIN
from custom_components.hems.core.model import Fallback, Optimal
from custom_components.hems.devices import Change
from tests.integration.running import NOWHERE, FakeDevices, a_live, a_running_entry, dictated, pass_time


@pytest.fixture(autouse=True)
def noon(freezer):
    freezer.move_to("2026-06-20 10:01:00+00:00")


def issues(hass):
    return {issue.translation_key: issue for (domain, _), issue in ir.async_get(hass).issues.items() if domain == DOMAIN}


async def test_first_plan_follows_the_start_at_once(hass, freezer, engine):
    async with dictated(hass, a_running_entry(engine=engine.url), FakeDevices(a_live())) as runtime:
        assert runtime.coordinator.data.plan is None
        await pass_time(hass, freezer, 1)
        view = runtime.coordinator.data
        assert view.plan.outcome == Optimal()
        assert view.request == engine.requests[0]
        assert len(view.plan.assets) == 6


async def test_plans_follow_the_clock_every_five_minutes(hass, freezer, engine):
    async with dictated(hass, a_running_entry(engine=engine.url), FakeDevices(a_live())):
        for _ in range(20):
            await pass_time(hass, freezer, 60)
        assert [request.now.minute for request in engine.requests] == [2, 5, 10, 15, 20]
