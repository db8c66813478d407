"""Faust's consumer, fetching and acknowledging whole batches."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

from streams.lane.positions import Positions

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

FETCH_MAX_WAIT_MS: Final = 50
BATCH_RECORDS: Final = 5_000
END_OFFSETS_S: Final = 10.0


class LaneConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that talks to the broker: a fetch waits for new records 50 ms at most, not 1.5 s as Faust fixes it."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def _fetch_records(
        self, consumer: AIOKafkaConsumer, active_partitions: set[TP], *args: Any, **options: Any
    ) -> Mapping[TP, list[ConsumerRecord]]:
        """Fetch, and leave in place what nobody may have now.

        A fetch can wait through a whole rebalance, and gives back records of every partition once none is active.
        Faust drops them although they count as read, and recovery waits for them, or goes on without them.
        """
        fetched = await super()._fetch_records(consumer, active_partitions, *args, **options)
        wanted = {tp for tp in fetched if self.consumer.flow_active and tp in active_partitions}
        for tp in fetched.keys() - wanted:
            consumer.seek(tp, fetched[tp][0].offset)
        return {tp: fetched[tp] for tp in wanted}

    def generation(self) -> int:
        """Return the group's generation as the heartbeat knows it: -1 once the group has dropped this worker."""
        generation: int = self._ensure_consumer()._coordinator.generation  # noqa: SLF001 - as Faust's own listener
        return generation


class LaneConsumer(driver.Consumer):
    """Hands each partition's records on as one message, in order and without holes, and commits a watermark."""

    app: "LaneApp"
    transport: driver.Transport
    _thread: LaneConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._positions = Positions()

    def _new_consumer_thread(self) -> LaneConsumerThread:
        return LaneConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # reading

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 - as Faust calls it
        """Fetch once; yield the new records of each partition as messages that hold a batch each."""
        fetched, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        for tp, records in (fetched or {}).items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return  # whoever stopped the flow places the consumer anew before it goes on
            if active is None or tp not in active:
                continue
            if (table := self.app.lane_tables.get(tp.topic)) is not None:
                # At once, not from the queue that Faust clears at every rebalance: no row can be lost between.
                table.restore(tp.partition, records)
                yield tp, self._message(tp, records[-1:], generation)
                continue
            for batch in _slices(await self._joined_on(tp, records)):
                if not self.flow_active:
                    return
                yield tp, self._message(tp, batch, generation)

    async def _joined_on(self, tp: TP, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
        if (missed := self._positions.skipped_to(tp, records)) is not None:
            await self.seek_wait({tp: missed})
            return ()
        return self._positions.unread(tp, records)

    def _message(self, tp: TP, records: Sequence[ConsumerRecord], generation: int) -> ConsumerMessage:
        last = records[-1]
        self._read_offset[tp] = last.offset  # or Faust notes the offsets within the batch as a gap
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            headers=None,
            key=None,
            value=cast("Any", records),  # Faust only passes it on
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            tp=tp,
            generation_id=generation,
        )

    def on_buffer_full(self, tp: TP) -> None:
        """Keep fetching: a full queue makes the fetcher wait, where a paused partition would be looked at 1 s later."""

    async def perform_seek(self) -> None:
        """Go to the committed offsets, and where there is none yet to the earliest: Faust leaves those in place."""
        self._positions.begin(self.app.consumer_generation_id)
        await super().perform_seek()
        sources = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
        unknown = [tp for tp in sources if self._committed_offset[tp] is None]
        earliest = await self.earliest_offsets(*unknown) if unknown else {}
        starts = {tp: self._positions.start(tp, earliest.get(tp) or self._committed_offset[tp] or 0) for tp in sources}
        # Last, since Faust lets the sources flow before: what was fetched and turned away meanwhile is fetched again.
        await self.seek_wait(starts)

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: Faust only logs here, and crashes while a partition's next offset is being looked up."""

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the partitions' end offsets, exact on every broker: recovery reads up to them.

        Raises:
            TimeoutError: A broker whose word is not exact did not answer the fetches that tell, in time.
        """
        ends = await super().highwaters(*partitions)
        written = {tp: end for tp, end in ends.items() if end}
        if self.app.kafka.exact_end_offsets or not written:
            return ends
        reader = self._thread._create_client_consumer(self.transport)  # noqa: SLF001 - with Faust's credentials
        await reader.start()
        try:
            return {**ends, **await asyncio.wait_for(_fetched_ends(reader, written), END_OFFSETS_S)}
        finally:
            await reader.stop()

    # acknowledging

    def generation(self) -> int:
        """Return the live generation of the group, -1 once it has dropped this worker."""
        return self._thread.generation()

    def ack(self, message: Message) -> bool:
        """Note that a batch is done with by every handler of its topic."""
        message.acked = True
        self.forget(message)
        if message.generation_id == self.app.consumer_generation_id:
            self._positions.finish(message.tp, message.offset)
        return True

    def forget(self, message: Message) -> None:
        """Stop waiting for a batch that will not be acknowledged; it is read again after the rebalance."""
        self._unacked_messages.discard(message)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in self._positions.finished() if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._positions.done(tp)

    async def wait_empty(self) -> None:
        """Let the batches at work finish, then commit: what a rebalance and a clean stop wait for.

        If they take so long that the group would go on without this worker, it crashes: it must not write any more.
        After a crash nothing is committed: the thread that would do it is ending, and the stop would fail or hang.
        """
        if not self.should_stop:
            try:
                await self.app.finish_batches()
            except TimeoutError as error:
                await self.app.crash(error)
        if not self.crashed:
            await super().wait_empty()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit (Faust calls `wait_empty`), then forget where each partition stood."""
        await super().on_partitions_revoked(revoked)
        self._positions.clear()


async def _fetched_ends(reader: AIOKafkaConsumer, ends: Mapping[TP, int]) -> dict[TP, int]:
    """Return the end offsets that fetches report where `ends` names the start of the last batch (+ 1)."""
    partitions = {tp: TopicPartition(tp.topic, tp.partition) for tp in ends}
    reader.assign(list(partitions.values()))
    for tp, end in ends.items():
        reader.seek(partitions[tp], end - 1)
    while any(reader.highwater(partition) is None for partition in partitions.values()):
        await reader.getmany(timeout_ms=FETCH_MAX_WAIT_MS)
    return {tp: max(ends[tp], reader.highwater(partition)) for tp, partition in partitions.items()}


def _slices(records: Sequence[ConsumerRecord]) -> Iterator[Sequence[ConsumerRecord]]:
    for start in range(0, len(records), BATCH_RECORDS):
        yield records[start : start + BATCH_RECORDS]
