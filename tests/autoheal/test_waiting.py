"""Waiting for whichever comes first."""

import asyncio
import os
import signal

import pytest

from autoheal.waiting import first_of, stop_signal


async def until_stopped(stopped):
    """Run on until cancelled, and note it."""
    try:
        await asyncio.Event().wait()
    finally:
        stopped.append(True)


async def test_the_first_wins():
    """The others are stopped before it is returned."""
    stopped = []
    assert await first_of(asyncio.sleep(0, "first"), until_stopped(stopped)) == "first"
    assert stopped == [True]


async def test_its_failure_is_the_failure():
    """What the first to end raises is raised."""

    async def fail():
        await asyncio.sleep(0)
        raise KeyError("plan")

    stopped = []
    with pytest.raises(KeyError, match="plan"):
        await first_of(until_stopped(stopped), fail())
    assert stopped == [True]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_a_signal_is_a_way_to_end(number, code):
    """Twice is as good as once."""
    waiting = asyncio.create_task(stop_signal())
    await asyncio.sleep(0)
    os.kill(os.getpid(), number)
    os.kill(os.getpid(), number)
    assert await waiting == code
    asyncio.get_running_loop().remove_signal_handler(number)
