"""Waiting for something that may not happen."""

import asyncio
from contextlib import suppress


async def happens(event: asyncio.Event, within_s: float) -> None:
    """Wait until `event` is set, at most so long."""
    # Not wait_for: in Python 3.11 that takes no cancellation while what it waits for happens.
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
