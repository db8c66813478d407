"""A contestant: a process of its own that says on its output when it begins and when it is done."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

ROOT: Final = Path(__file__).parent.parent
STOP_S: Final = 20.0


class ContestantFailedError(RuntimeError):
    """A contestant ended before it said what was expected; the message is the last thing it printed as an error."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that a contestant told of."""

    at: float
    """Seconds, on the clock that all processes of the machine share (`time.monotonic`)."""
    cpu: float
    """Seconds of processor time that the contestant had used by then."""
    rows: int = 0


class Contestant:
    """A running contestant."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._errors = asyncio.create_task(_last_line(process))

    async def mark(self, name: str) -> Mark:
        """Wait for a mark of that name.

        Raises:
            ContestantFailedError: The contestant ended without it.
        """
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = orjson.loads(line)
            if said.pop("mark") == name:
                return Mark(**said)
        raise ContestantFailedError(await self._errors or f"ended before {name!r}, without a word")

    async def stop(self) -> Mark:
        """Ask it to stop, and return how much processor time it used in all."""
        if self._process.returncode is None:
            self._process.terminate()
        return await self.mark("stopped")

    async def end(self) -> None:
        """End it, whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._errors


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Contestant]:
    """Start one of `bench.contestants` with arguments; it is ended with the block."""
    command = ("-m", f"bench.contestants.{module}", *arguments)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    contestant = Contestant(process)
    try:
        yield contestant
    finally:
        await contestant.end()


async def _last_line(process: Process) -> str:
    assert process.stderr is not None
    last = ""
    async for line in process.stderr:
        last = line.decode(errors="replace").strip() or last
    return last
