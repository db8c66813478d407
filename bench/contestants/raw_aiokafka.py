"""The upper limit: fetch, parse, count. `python -m bench.contestants.raw_aiokafka BOOTSTRAP EVENTS`."""

import asyncio
import sys

import orjson
from aiokafka import AIOKafkaConsumer

from bench.contestants.marks import mark
from events import Topics


async def main(bootstrap: str, events: str) -> None:
    consumer = AIOKafkaConsumer(
        Topics().named("tasks"),
        bootstrap_servers=bootstrap,
        group_id="raw",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
        session_timeout_ms=6000,
        rebalance_timeout_ms=6000,
        heartbeat_interval_ms=1000,
    )
    await consumer.start()
    left = int(events)
    started = False
    while left > 0:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            if not started:
                started = True
                mark("first")
            for record in records:
                orjson.loads(record.value)
            left -= len(records)
    mark("done")
    await consumer.stop()
    mark("stopped")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
