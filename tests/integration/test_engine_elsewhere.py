"""An engine that somebody else starts again is asked as soon as it is back, and not at the next plan of the rhythm."""

import asyncio

import pytest

from custom_components.hems import engine as engine_module
from custom_components.hems.core.wire import API_VERSION, EngineHealth
from custom_components.hems.engine import RemoteEngine
from custom_components.hems.engine_client import EngineFailed, EngineTimeout, EngineUnreachable

AWAY = EngineUnreachable("nobody there")
SLOW = EngineTimeout("no answer within 60 s")


def health(status):
    return EngineHealth(api=API_VERSION, version="1", status=status)


class Client:
    """Answers what the test has written down; the last of each for ever."""

    def __init__(self, plans, healths):
        self._plans, self._healths = plans, healths
        self.looks = 0

    async def plan(self, request):
        return self._said(self._plans)

    async def health(self):
        self.looks += 1
        return self._said(self._healths)

    def _said(self, answers):
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(engine_module, "LOOK_EVERY_S", 0.001)


@pytest.fixture
async def asked(hass):
    """A function that asks such an engine once; the engine, and the looks at which it was called ready."""

    engines = []

    async def ask(plans, healths):
        client, ready = Client(plans, healths), []
        engine = RemoteEngine(hass, client)
        engines.append(engine)
        engine.on_ready = lambda: ready.append(client.looks)
        with pytest.raises(type(plans[0])):
            await engine.async_plan("question")
        return engine, ready, client

    yield ask
    for engine in engines:
        await engine.async_stop()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("error", "healths", "looks"),
    [
        (AWAY, [health("ok")], 1),
        (AWAY, [AWAY, AWAY, health("ok")], 3),
        (AWAY, [AWAY, health("starting"), health("ok")], 3),
        (SLOW, [SLOW, health("ok")], 2),
    ],
    ids=["back at once", "back later", "starts", "hung and was restarted"],
)
async def test_an_engine_that_is_back_says_so_once(asked, error, healths, looks):
    _, ready, client = await asked([error], healths)
    await until(lambda: ready)
    for _ in range(5):
        await asyncio.sleep(0.002)
    assert (ready, client.looks) == ([looks], looks)


async def test_an_engine_that_was_only_slow_is_left_in_peace(asked):
    _, ready, client = await asked([SLOW], [health("ok")])
    await until(lambda: client.looks)
    await asyncio.sleep(0.01)
    assert (ready, client.looks) == ([], 1)


async def test_an_engine_that_answers_with_a_fault_is_not_away(asked):
    _, ready, client = await asked([EngineFailed("out of memory")], [health("ok")])
    await asyncio.sleep(0.01)
    assert (ready, client.looks) == ([], 0)


async def test_nobody_looks_any_more_after_a_plan_or_a_stop(asked):
    for end in ("async_plan", "async_stop"):
        engine, ready, client = await asked([AWAY, "plan"], [AWAY])
        await until(lambda client=client: client.looks)
        await (engine.async_plan("question") if end == "async_plan" else engine.async_stop())
        await asyncio.sleep(0.005)
        looks = client.looks
        await asyncio.sleep(0.01)
        assert (client.looks, ready) == (looks, [])


async def test_one_timer_looks_however_often_it_was_asked(asked):
    engine, ready, _ = await asked([AWAY], [AWAY, AWAY, AWAY, health("ok")])
    for _ in range(3):
        with pytest.raises(EngineUnreachable):
            await engine.async_plan("question")
    await until(lambda: ready)
    assert ready == [4]
