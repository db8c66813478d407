"""The Faust app whose agents get batches."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import faust
from faust.app.base import BootStrategy
from faust.transport.drivers import aiokafka as driver
from mode.utils.queues import ThrowableQueue

from events.broker import TANSU, Broker
from streams.lane.batch import Batch, BatchSchema
from streams.lane.consumer import LaneConsumer
from streams.lane.handler import Handle, Handler
from streams.lane.producer import MAX_RECORD_BYTES, LaneProducer, Record
from streams.lane.table import LaneTable, LaneTableManager, Newer

QUEUED_BATCHES: Final = 4
FINISH_SHARE: Final = 0.8

SETTINGS: Final[Mapping[str, Any]] = {
    "store": "memory://",
    "TableManager": LaneTableManager,
    "stream_wait_empty": True,
    "topic_disable_leader": True,
    "consumer_max_fetch_size": 4 << 20,
    "producer_acks": -1,
    "producer_max_batch_size": 1_000_000,
    "producer_max_request_size": MAX_RECORD_BYTES,
    "producer_request_timeout": 30.0,
    "worker_redirect_stdouts": False,
}


def _settings_for(broker: Broker) -> Mapping[str, Any]:
    """Return what a broker needs. Its other abilities are asked where they matter: `app.kafka`."""
    if broker == TANSU:  # a join takes half the session timeout
        return {"broker_session_timeout": 6.0, "broker_heartbeat_interval": 1.0, "broker_rebalance_timeout": 6.0}
    # Faust's own minute is how long a killed worker's failures would wait for another worker.
    return {"broker_session_timeout": 10.0, "broker_heartbeat_interval": 3.0, "broker_rebalance_timeout": 30.0}


class LaneTransport(driver.Transport):
    """Makes Faust use the lane's consumer and producer."""

    Consumer = LaneConsumer
    Producer = LaneProducer


class WithoutWeb(BootStrategy):
    """Starts no web server: `web_enabled=False` alone does not hold under Faust's own command line."""

    enable_web = False


class LaneApp(faust.App):
    """A Faust app that is vectorised: batches in, batches out, one changelog write for each touched row of a batch."""

    BootStrategy = WithoutWeb

    def __init__(
        self,
        id: str,  # noqa: A002 - as Faust names it
        *,
        broker: Broker,
        bootstrap: str,
        partitions: int,
        standbys: int = 0,
        **options: Any,
    ) -> None:
        """Define an app; nothing connects before it is started.

        Args:
            id: Names the consumer group, and begins the name of every changelog topic.
            broker: What the broker at `bootstrap` can do, see `events.broker.probe`.
            bootstrap: One or more `host:port`, separated by commas.
            partitions: How many partitions each source topic and each table has.
            standbys: How many other workers keep a copy of each table's rows, ready to take over.
            options: Any other of Faust's settings.
        """
        self.kafka = broker
        self.lane_tables: dict[str, LaneTable] = {}
        self._handlers: list[Handler] = []
        super().__init__(
            id,
            broker=[f"kafka://{address.strip()}" for address in bootstrap.split(",")],
            topic_partitions=partitions,
            table_standby_replicas=standbys,
            **{**SETTINGS, **_settings_for(broker), **options},
        )

    @property
    def lane_consumer(self) -> LaneConsumer:
        """The consumer, under its own type."""
        return cast("LaneConsumer", self.consumer)

    @property
    def lane_producer(self) -> LaneProducer:
        """The producer, under its own type."""
        return cast("LaneProducer", self.producer)

    def lane_table(self, name: str, *, newer: Newer) -> LaneTable:
        """Define a table with a changelog.

        Args:
            name: Its changelog is the topic `<app id>-<name>-changelog`.
            newer: Whether, of a stored and an incoming row of one key, the incoming one is to stay at recovery.
        """
        table = LaneTable(self, name=name, newer=newer, beacon=self.tables.beacon)
        self.tables.add(table)
        self.lane_tables[table.changelog_topic_name] = table
        return table

    def lane(self, *topics: str, name: str) -> Callable[[Handle], Handle]:
        """Make an async function the handler of one or more topics.

        It is called with one batch at a time for each partition number, batches of equally numbered partitions of
        different topics included, since those share rows; different partitions overlap. A batch is acknowledged
        after the function returned. If it raises, the app crashes and acknowledges nothing of the batch.
        """

        def register(handle: Handle) -> Handle:
            handler = Handler(self, name, handle)
            self._handlers.append(handler)
            source = self.topic(*topics, schema=BatchSchema(), maxsize=QUEUED_BATCHES)
            self.agent(source, name=name)(handler.consume)
            return handle

        return register

    async def send_batch(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Publish (key, value, timestamp in ms) in order to a partition, and wait until the broker has them all.

        Raises:
            RecordTooLargeError: A record is larger than 8 MiB.
            NotAcknowledgedError: The broker did not answer in time.
            aiokafka.errors.KafkaError: The broker refused.
        """
        await self.lane_producer.send_batch(topic, partition, records)

    async def send_batches(self, outputs: Mapping[tuple[str, int], Sequence[Record]]) -> None:
        """Publish to several (topic, partition) at once; returns and raises as `send_batch`."""
        await asyncio.gather(*(self.send_batch(*target, records) for target, records in outputs.items()))

    def still_owned(self, batch: Batch) -> bool:
        """Whether the group still gives the batch's partition to this worker, as far as it can know."""
        return batch.generation == self.consumer_generation_id == self.lane_consumer.generation()

    def may_start(self, batch: Batch) -> bool:
        """Whether work on a batch may begin: its partition is owned and not about to be given up."""
        return self.lane_consumer.flow_active and not self.should_stop and self.still_owned(batch)

    async def finish_batches(self) -> None:
        """Wait for the batches at work.

        Raises:
            TimeoutError: They took so long that the group would go on without this worker.
        """
        limit = self.conf.broker_rebalance_timeout * FINISH_SHARE
        try:
            async with asyncio.timeout(limit):
                await asyncio.gather(*(handler.finish() for handler in self._handlers))
        except TimeoutError:
            raise TimeoutError(
                f"batches are still at work after {limit:.0f} s, longer than a rebalance may wait"
            ) from None

    async def on_first_start(self) -> None:
        """Skip what Faust does here, making directories: rows are kept in memory."""

    def FlowControlQueue(self, maxsize: int | None = None, **_: Any) -> ThrowableQueue[Any]:  # noqa: N802 - Faust's name
        """Make a queue between consumer and handler that nobody empties.

        Faust lets the sources flow while a recovery ends, and then empties the queues: what was handed out meanwhile
        would be lost under the watermark. A batch of an earlier generation is turned away by its handler.
        """
        return ThrowableQueue(maxsize=maxsize or 0, flow_control=self.flow_control, clear_on_resume=False)

    def _new_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_producer, self)
