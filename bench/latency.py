"""How long after its failure was published a `heal.requested` is visible, at a steady rate."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from bench.broker import HEALS, TASKS, fresh_broker, producing, reading
from bench.contestant import running
from bench.figures import percentile
from bench.mix import EVENTS_PER_TASK, Recorded, generate
from events.categories import CATEGORIES

WARM_UP_S: Final = 3.0
TICK_S: Final = 0.005
PATIENCE_S: Final = 30.0
# Every failure of the mix is the first of its task, so without cooldowns each of them is healed.
NO_COOLDOWNS: Final = "".join(f"[strategies.{category}]\ncooldown_seconds = 0\n" for category in CATEGORIES)


@dataclass(frozen=True, slots=True)
class Latency:
    """What consumers saw at one rate; milliseconds."""

    events_per_second: int
    published_per_second: float
    heals: int
    p50_ms: float
    p99_ms: float
    max_ms: float


async def measure(rate: int, seconds: float) -> Latency:
    """Publish the mix at a rate, in events per second, and follow the heals."""
    mix = generate(int(rate * (WARM_UP_S + seconds)) // EVENTS_PER_TASK)
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "no-cooldowns.toml"
        policy.write_text(NO_COOLDOWNS)
        async with fresh_broker() as bootstrap, running("worker", bootstrap, str(policy)) as worker:
            await worker.mark("ready")
            async with asyncio.timeout(WARM_UP_S + seconds + PATIENCE_S):
                return await _measure(bootstrap, mix, rate)


async def _measure(bootstrap: str, mix: Sequence[Recorded], rate: int) -> Latency:
    expected = {record.failure_id for record in mix if record.failure_id}
    seen = asyncio.create_task(_watch(bootstrap, len(expected)))
    start = time.monotonic()
    published = await _publish(bootstrap, mix, rate)
    took = time.monotonic() - start
    visible = await seen
    measured = [1000 * (visible[id_] - at) for id_, at in published.items() if at >= start + WARM_UP_S]
    p50, p99 = percentile(measured, 0.5), percentile(measured, 0.99)
    return Latency(rate, len(mix) / took, len(measured), p50, p99, max(measured))


async def _publish(bootstrap: str, mix: Sequence[Recorded], rate: int) -> dict[str, float]:
    """Publish each record when its turn comes, as the producer client does by itself: without lingering."""
    published: dict[str, float] = {}
    async with producing(bootstrap, linger_ms=0) as producer:
        for records in _ticks(mix, rate):
            await asyncio.sleep(records.due - time.monotonic())
            for record in records.records:
                if record.failure_id:
                    published[record.failure_id] = time.monotonic()
                await producer.send(TASKS, record.value, key=record.key, partition=record.partition)
    return published


@dataclass(frozen=True, slots=True)
class _Tick:
    due: float
    records: Sequence[Recorded]


def _ticks(mix: Sequence[Recorded], rate: int) -> Iterator[_Tick]:
    start, size = time.monotonic(), max(1, int(rate * TICK_S))
    for place in range(0, len(mix), size):
        yield _Tick(start + place / rate, mix[place : place + size])


async def _watch(bootstrap: str, count: int) -> dict[str, float]:
    """Return when each failure's decision was seen first."""
    visible: dict[str, float] = {}
    async with reading(bootstrap, HEALS) as consumer:
        while len(visible) < count:
            batches: dict[Any, Any] = await consumer.getmany(timeout_ms=1000)
            now = time.monotonic()
            for records in batches.values():
                for record in records:
                    visible.setdefault(_requested_for(record.value), now)
    return visible


def _requested_for(raw: bytes) -> str:
    event = orjson.loads(raw)
    if event["type"] != "autoheal.heal.requested.v1":
        raise RuntimeError(f"a failure of this mix was not healed: {event['data']}")
    return str(event["data"]["failure_id"])
