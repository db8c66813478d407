"""Waiting for whichever comes first, a signal included."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def first_of(*coroutines: Coroutine[Any, Any, Any]) -> Any:
    """Run them side by side until one ends, stop the others, and return or raise what that one did."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return done.pop().result()


async def stop_signal() -> int:
    """Wait until somebody asks us to stop (Ctrl-C, `kill`, a closed terminal), and return the exit code for that."""
    stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, _resolve, stopped, 128 + number)
    return await stopped


def _resolve(future: asyncio.Future[int], value: int) -> None:
    if not future.done():  # a second Ctrl-C changes nothing: the end is under way
        future.set_result(value)
