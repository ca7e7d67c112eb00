"""Answers of other integrations: whatever goes wrong in somebody else's integration must not cost a plan."""

import asyncio
from collections.abc import Awaitable

from homeassistant.exceptions import HomeAssistantError

ANSWER_WITHIN_S = 10.0
"""A plan waits no longer: most integrations answer from what they have read before."""


async def async_answer_or_reason[T](asked: Awaitable[T]) -> T | str:
    """An answer, which is no text; a text says why there is none."""
    (answer,) = await asyncio.gather(asyncio.wait_for(asked, ANSWER_WITHIN_S), return_exceptions=True)
    match answer:
        case HomeAssistantError():
            return str(answer)
        case BaseException():
            return f"{type(answer).__name__}: {answer}".removesuffix(": ")
        case _:
            return answer
