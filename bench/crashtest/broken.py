"""Workers with one mistake each, which the checker has to catch: `python -m bench.crashtest.broken DEFECT`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Literal
from uuid import uuid4

from autoheal.brokers import prepare_broker
from autoheal.control import load_control
from autoheal.settings import load_settings
from events.topics import Topics
from streams.decider import Agent
from streams.lane import Batch, LaneApp, LaneTable, run_worker
from streams.runtime import Outcome, Outputs, Runtime, newer
from streams.topology import AGENTS

Defect = Literal["offset-before-effects", "effects-without-state", "random-ids"]
Finish = Callable[[LaneApp, LaneTable, Batch, Outcome], Awaitable[None]]
LATE_S: Final = 1.0


async def offset_before_effects(app: LaneApp, table: LaneTable, batch: Batch, outcome: Outcome) -> None:
    """Acknowledge first and publish later: what a kill comes between is never published."""
    await table.lane_write(batch.partition, outcome.rows)
    app.add_future(_late(app, outcome))


async def effects_without_state(app: LaneApp, table: LaneTable, batch: Batch, outcome: Outcome) -> None:
    """Keep the rows in memory: who takes over knows of no cooldown and no attempt."""
    await app.send_batches(outcome.outputs)
    table.data.rows[batch.partition].update(outcome.rows)


async def random_ids(app: LaneApp, table: LaneTable, batch: Batch, outcome: Outcome) -> None:
    """Give each event a new id: what is published again after a crash is a second decision."""
    await app.send_batches(_with_new_ids(outcome.outputs))
    await table.lane_write(batch.partition, outcome.rows)


DEFECTS: Final[dict[str, Finish]] = {
    "offset-before-effects": offset_before_effects,
    "effects-without-state": effects_without_state,
    "random-ids": random_ids,
}


def main(defect: str) -> int:
    """Run a worker with a defect, set up by the same settings as the real one."""
    settings = load_settings()
    topics, control = Topics(settings.topic_prefix), load_control(settings.policy)
    broker = asyncio.run(prepare_broker(settings))
    app = LaneApp(topics.prefix, broker=broker, bootstrap=settings.bootstrap_servers, partitions=settings.partitions)
    for agent in AGENTS:
        _install(app, agent, topics, Runtime(agent, topics, settings.partitions, control), DEFECTS[defect])
    return run_worker(app)


def _install(app: LaneApp, agent: Agent[Any], topics: Topics, runtime: Runtime[Any], finish: Finish) -> None:
    table = app.lane_table(agent.name, newer=newer)

    @app.lane(*map(topics.named, agent.reads), name=agent.name)
    async def handle(batch: Batch) -> None:
        outcome = runtime.process(batch.records, partial(table.lane_get, batch.partition), batch.generation)
        await finish(app, table, batch, outcome)


async def _late(app: LaneApp, outcome: Outcome) -> None:
    await asyncio.sleep(LATE_S)
    await app.send_batches(outcome.outputs)


def _with_new_ids(outputs: Outputs) -> Outputs:
    return {
        target: [(key, _with_new_id(value), timestamp) for key, value, timestamp in records]
        for target, records in outputs.items()
    }


def _with_new_id(value: bytes) -> bytes:
    try:
        return json.dumps(json.loads(value) | {"id": str(uuid4())}).encode()
    except ValueError:  # a misplaced record on its way home
        return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
