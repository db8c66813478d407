"""The live worker: the agents of the topology, run by Faust over Kafka."""

import time
from functools import partial
from typing import Any

from events.broker import Broker
from events.topics import Topics
from streams.decider import Agent, Control
from streams.lane import Batch, LaneApp
from streams.metrics import WorkerMetrics
from streams.runtime import Runtime, newer
from streams.topology import AGENTS


def build_app(  # noqa: PLR0913 - the composition takes every dependency
    bootstrap: str,
    broker: Broker,
    topics: Topics,
    *,
    partitions: int,
    control: Control,
    metrics: WorkerMetrics | None = None,
) -> LaneApp:
    """Return the Faust app that runs every agent.

    Args:
        bootstrap: Address of the broker, `host:port`.
        broker: What the broker can do.
        topics: Names of the topics; they exist already.
        partitions: Number of partitions of each.
        control: The small state that every decider may read.
        metrics: Where to note each batch; nowhere when left out.
    """
    app = LaneApp(topics.prefix, broker=broker, bootstrap=bootstrap, partitions=partitions)
    for agent in AGENTS:
        _install(app, agent, topics, Runtime(agent, topics, partitions, control), metrics)
    return app


def _install(
    app: LaneApp, agent: Agent[Any], topics: Topics, runtime: Runtime[Any], metrics: WorkerMetrics | None
) -> None:
    table = app.lane_table(agent.name, newer=newer)

    @app.lane(*map(topics.named, agent.reads), name=agent.name)
    async def handle(batch: Batch) -> None:
        """Effects, then state, then (when this returns) the offset: each is acknowledged before the next."""
        started = time.perf_counter()
        outcome = runtime.process(batch.records, partial(table.lane_get, batch.partition), batch.generation)
        await app.send_batches(outcome.outputs)
        if app.still_owned(batch):
            await table.lane_write(batch.partition, outcome.rows)
        if metrics:
            metrics.observe(agent.name, len(batch.records), outcome.outputs, time.perf_counter() - started)
