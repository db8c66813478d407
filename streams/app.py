"""The live worker: the agents of the topology, run by Faust over Kafka."""

from functools import partial
from typing import Any

from events.broker import Broker
from events.topics import Topics
from streams.decider import Agent, Control
from streams.lane import Batch, LaneApp
from streams.runtime import Runtime, newer
from streams.topology import AGENTS


def build_app(bootstrap: str, broker: Broker, topics: Topics, *, partitions: int, control: Control) -> LaneApp:
    """Return the Faust app that runs every agent.

    Args:
        bootstrap: Address of the broker, `host:port`.
        broker: What the broker can do.
        topics: Names of the topics; they exist already.
        partitions: Number of partitions of each.
        control: The small state that every decider may read.
    """
    app = LaneApp(topics.prefix, broker=broker, bootstrap=bootstrap, partitions=partitions)
    for agent in AGENTS:
        _install(app, agent, topics, Runtime(agent, topics, partitions, control))
    return app


def _install(app: LaneApp, agent: Agent[Any], topics: Topics, runtime: Runtime[Any]) -> None:
    table = app.lane_table(agent.name, newer=newer)

    @app.lane(*map(topics.named, agent.reads), name=agent.name)
    async def handle(batch: Batch) -> None:
        """Effects, then state, then (when this returns) the offset: each is acknowledged before the next."""
        outcome = runtime.process(batch.records, partial(table.lane_get, batch.partition), batch.generation)
        await app.send_batches(outcome.outputs)
        if app.still_owned(batch):
            await table.lane_write(batch.partition, outcome.rows)
