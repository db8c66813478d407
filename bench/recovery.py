"""How long a worker that starts over a full changelog takes until it has its rows back."""

import asyncio
from dataclasses import dataclass
from typing import Final

from bench.broker import fresh_broker, publish, wait_for_records
from bench.contestant import running
from bench.mix import created
from events.topics import Topics

CHANGELOG: Final = f"{Topics().prefix}-work-changelog"
PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery."""

    rows: int
    """Rows that the worker had when it said that it was ready."""
    seconds: float
    """From the assignment of the partitions until every row is back."""


async def measure(rows: int) -> Recovery:
    """Let a worker write so many rows, each of a task, stop it, and time its successor."""
    async with fresh_broker() as bootstrap, asyncio.timeout(PATIENCE_S):
        await publish(bootstrap, created(rows))
        async with running("worker", bootstrap) as first:
            await first.mark("ready")
            await wait_for_records(bootstrap, CHANGELOG, rows)
            await first.stop()
        async with running("worker", bootstrap) as successor:
            assigned, ready = await successor.mark("assigned"), await successor.mark("ready")
            return Recovery(ready.rows, ready.at - assigned.at)
