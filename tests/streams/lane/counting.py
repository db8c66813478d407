"""A worker that counts the records of each key, in the order a lane's handler must keep: effects, rows, offset.

As a program it is a worker process that can stop itself (SIGSTOP) before one of these steps, once.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiokafka.structs import ConsumerRecord

from events.broker import APACHE_KAFKA, TANSU, Broker
from streams.lane import Batch, LaneApp, LaneTable, run_worker

STEPS = ("effects", "rows", "ack")
PARTITIONS = 2
POISON = b"poison"

Step = Callable[[str, Batch], Awaitable[None]]


class Counting:
    """An app with a table of counts; `before` is awaited ahead of each step of each batch."""

    def __init__(self, prefix: str, broker: Broker, bootstrap: str, before: Step | None = None, **options: Any) -> None:
        self.prefix = prefix
        # A short session only where the broker allows it: Apache Kafka's least is 6 s.
        session = {"broker_session_timeout": 6.0 if broker == APACHE_KAFKA else 2.0, "broker_rebalance_timeout": 6.0}
        timing = {**session, "broker_heartbeat_interval": 0.5, "broker_commit_interval": 0.3, **options}
        self.app = LaneApp(f"{prefix}-count", broker=broker, bootstrap=bootstrap, partitions=PARTITIONS, **timing)
        self.table: LaneTable = self.app.lane_table("counts", newer=newer)
        self.app.lane(f"{prefix}.in", f"{prefix}.more", name="count")(self.count)
        self.batches: list[Batch] = []
        self._before = before

    async def count(self, batch: Batch) -> None:
        self.batches.append(batch)
        rows: dict[bytes, bytes] = {}
        outputs = []
        for record in batch.records:
            if record.value == POISON:
                raise ValueError("this record is poison")
            stored = rows.get(record.key) or self.table.lane_get(batch.partition, record.key)
            if (row := counted(stored, record)) is not None:
                rows[record.key] = row
                outputs.append((record.key, orjson.dumps([record.value.decode(), orjson.loads(row)["n"]]), 0))
        await self._reach("effects", batch)
        await self.app.send_batch(f"{self.prefix}.out", batch.partition, outputs)
        await self._reach("rows", batch)
        if not self.app.still_owned(batch):
            return
        await self.table.lane_write(batch.partition, rows)
        await self._reach("ack", batch)

    def counts(self) -> dict[str, int]:
        """Return the count of each key in the partitions that are owned."""
        rows = [row for partition in range(PARTITIONS) for row in self.table.lane_rows(partition)]
        return {key.decode(): orjson.loads(row)["n"] for key, row in rows}

    async def _reach(self, step: str, batch: Batch) -> None:
        if self._before:
            await self._before(step, batch)


def counted(stored: bytes | None, record: ConsumerRecord) -> bytes | None:
    """Return the row after a record, None if the record is in it already."""
    row = orjson.loads(stored) if stored else {"n": 0, "applied": {}}
    if record.offset <= row["applied"].get(record.topic, -1):
        return None
    row["n"] += 1
    row["applied"][record.topic] = record.offset
    return orjson.dumps(row)


def newer(stored: bytes, incoming: bytes) -> bool:
    """Whether the incoming row has seen more of some topic."""
    old, new = orjson.loads(stored)["applied"], orjson.loads(incoming)["applied"]
    return any(offset > old.get(topic, -1) for topic, offset in new.items())


def stop_once_before(step: str) -> Step:
    """Stop the process when it first reaches a step, and say so on standard output when it has been woken up."""
    reached = []

    async def before(at: str, _: Batch) -> None:
        if at == step and not reached:
            reached.append(at)
            os.kill(os.getpid(), signal.SIGSTOP)
            sys.stdout.write("woken\n")
            sys.stdout.flush()

    return before


if __name__ == "__main__":
    name, prefix, bootstrap, *step = sys.argv[1:]
    broker = {"Tansu": TANSU, "Apache Kafka": APACHE_KAFKA}[name]
    sys.exit(run_worker(Counting(prefix, broker, bootstrap, stop_once_before(step[0]) if step else None).app))
