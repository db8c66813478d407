"""Events per second of each contestant over the same recorded mix."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.broker import HEALS, fresh_broker, publish, wait_for_records
from bench.contestant import ContestantFailedError, running
from bench.mix import Recorded, count_failures, up_to_last_failures

SETTLE_S: Final = 1.0
"""What is still under way when the last decision is out (rows of the decided tasks) is processor time too."""
PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contestant, and how much of the mix it gets in a full bench."""

    name: str
    module: str
    share: float
    publishes: bool = True


ENTRANTS: Final = (
    Entrant("this worker", "worker", 1.0),
    Entrant("idiomatic Faust", "idiomatic_faust", 0.05),
    Entrant("raw aiokafka + orjson", "raw_aiokafka", 1.0, publishes=False),
    Entrant("Quix Streams", "quix_streams", 0.3),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one entrant, or why there is none."""

    entrant: str
    events: int
    failures: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    refusal: str | None = None

    @property
    def events_per_second(self) -> float:
        """From the first event that reaches the contestant's own code to the last decision that is visible."""
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        """Processor time of the contestant alone: unlike the clock it does not depend on what else runs here."""
        return 1e6 * self.cpu_seconds / self.events


async def measure(entrant: Entrant, mix: Sequence[Recorded]) -> Run:
    """Run an entrant over its share of the mix, on a broker of its own that holds all of it beforehand."""
    records = up_to_last_failures(mix[: int(len(mix) * entrant.share)])
    size = (entrant.name, len(records), count_failures(records))
    try:
        async with asyncio.timeout(PATIENCE_S):
            return Run(*size, *await _timed(entrant, records))
    except ContestantFailedError as error:
        return Run(*size, refusal=str(error))
    except TimeoutError:
        return Run(*size, refusal=f"not done after {PATIENCE_S:.0f} s")


async def _timed(entrant: Entrant, records: Sequence[Recorded]) -> tuple[float, float]:
    async with fresh_broker() as bootstrap:
        await publish(bootstrap, records)
        if not entrant.publishes:
            async with running(entrant.module, bootstrap, str(len(records))) as contestant:
                first, done = await contestant.mark("first"), await contestant.mark("done")
                return done.at - first.at, done.cpu - first.cpu
        async with running(entrant.module, bootstrap) as contestant:
            first = await contestant.mark("first")
            await wait_for_records(bootstrap, HEALS, count_failures(records))
            seconds = asyncio.get_running_loop().time() - first.at
            await asyncio.sleep(SETTLE_S)
            stopped = await contestant.stop()
            return seconds, stopped.cpu - first.cpu
