"""Child processes in a terminal of ours: their lines become ours, and none of them outlives us."""

import asyncio
import os
import signal
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, cast

from autoheal.embedded import end_with_parent

STOP_S: Final = 10.0
MAX_LINE_BYTES: Final = 1 << 24


class ChildEndedError(RuntimeError):
    """A child process that should have run on has ended."""

    def __init__(self, name: str, code: int) -> None:
        """Say which one, and how."""
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        super().__init__(f"the {name} {how}")


@asynccontextmanager
async def child(
    name: str, *command: str, environment: Mapping[str, str], on_line: Callable[[str, str], None]
) -> AsyncIterator[Process]:
    """Run a program for the length of the block; on Linux it also ends when we are killed.

    Args:
        name: What to call it.
        command: The program and its arguments.
        environment: Variables beside our own.
        on_line: Called with the name and each line that the program prints.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        limit=MAX_LINE_BYTES,
        start_new_session=True,  # Ctrl-C reaches us alone: we stop them in order
        preexec_fn=end_with_parent(),
    )
    reader = asyncio.create_task(_read(cast("StreamReader", process.stdout), name, on_line))
    try:
        yield process
    finally:
        await _stop(process)
        await reader


async def first_to_end(processes: Mapping[str, Process]) -> None:
    """Wait for the first of the processes that ends.

    Raises:
        ChildEndedError: Always; it names the process.
    """
    waits = {asyncio.create_task(process.wait()): name for name, process in processes.items()}
    try:
        (first, *_), _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    raise ChildEndedError(waits[first], first.result())


async def _read(output: StreamReader, name: str, on_line: Callable[[str, str], None]) -> None:
    async for line in output:
        on_line(name, line.decode(errors="replace").rstrip())


async def _stop(process: Process) -> None:
    """End a process and whatever it started."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
