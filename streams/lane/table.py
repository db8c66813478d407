"""A table whose rows are bytes, written in batches and kept by partition."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aiokafka.structs import ConsumerRecord
from faust.stores import memory
from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.types import TP
from mode.utils.queues import ThrowableQueue

from streams.lane.batch import BatchSchema
from streams.lane.producer import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from streams.lane.app import LaneApp

NO_ROWS: Final[Mapping[bytes, bytes]] = {}

Newer = Callable[[bytes, bytes], bool]


class LaneStore(memory.Store[bytes, bytes]):
    """Rows in memory: one dict of bytes for each partition, which the garbage collector need not look into."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows: dict[int, dict[bytes, bytes]] = {}
        self.applied: dict[int, int] = {}

    def restore(self, partition: int, records: Sequence[ConsumerRecord], newer: Newer) -> None:
        """Apply records of the changelog; of two rows of a key the newer stays, whichever was written last."""
        rows = self.rows.setdefault(partition, {})
        for record in records:
            key, row = record.key, record.value
            if row is None:
                rows.pop(key, None)
            elif key not in rows or newer(rows[key], row):
                rows[key] = row
        self.applied[partition] = max(records[-1].offset, self.applied.get(partition, -1))

    def written(self, partition: int, rows: Mapping[bytes, bytes], offsets: Sequence[range]) -> None:
        """Keep rows that are in the changelog at these offsets.

        Where they do not join on to what is known of the changelog, somebody else has written between, who may have
        owned the partition for a while: then recovery will read from there.
        """
        self.rows.setdefault(partition, {}).update(rows)
        for batch in offsets:
            if batch.start == self.applied.get(partition, -1) + 1:
                self.applied[partition] = batch.stop - 1

    def persisted_offset(self, tp: TP) -> int | None:
        """Return up to where recovery need not read: a kept partition or standby only reads on."""
        return self.applied.get(tp.partition)

    def apply_changelog_batch(self, *_: Any, **__: Any) -> None:
        """Do nothing: the consumer has applied the rows as it fetched them."""

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Drop the rows of partitions that are no longer here, neither in use nor standing by."""
        kept = {tp.partition for tp in active_tps | standby_tps}
        for partition in self.rows.keys() - kept:
            del self.rows[partition]
            self.applied.pop(partition, None)


class LaneTableManager(TableManager):
    """Starts at once: Faust waits a second for tables to be defined, a lane's are defined before it starts."""

    @property
    def changelog_queue(self) -> ThrowableQueue[Any]:
        """The queue of changelog offsets; emptied by a rebalance, or the next recovery would take them for its own."""
        if self._changelog_queue is None:
            self._changelog_queue = ThrowableQueue(
                maxsize=self.app.conf.stream_buffer_maxsize, flow_control=self.app.flow_control, clear_on_resume=True
            )
        return self._changelog_queue

    async def on_start(self) -> None:
        """Register the tables and get ready to recover them."""
        await self._update_channels()
        await self.recovery.start()


class LaneTable(Table[bytes, bytes]):
    """Rows by key within a partition; keys and rows are bytes that only the caller understands."""

    app: "LaneApp"
    data: LaneStore

    def __init__(self, app: "LaneApp", *, newer: Newer, **options: Any) -> None:
        """Define a table; `newer(stored, incoming)` says whether the incoming row replaces the stored one."""
        super().__init__(
            app,
            schema=BatchSchema(),
            standby_buffer_size=1,
            extra_topic_configs={"max.message.bytes": str(MAX_RECORD_BYTES + (1 << 20))},
            **options,
        )
        self._newer = newer

    def lane_get(self, partition: int, key: bytes) -> bytes | None:
        """Return the row of a key, None if there is none."""
        return self.data.rows.get(partition, NO_ROWS).get(key)

    async def lane_write(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Write rows: to the changelog first, and once the broker has acknowledged them all to the store.

        Raises:
            RecordTooLargeError: A row is larger than 8 MiB.
            NotAcknowledgedError: The broker did not answer in time.
            aiokafka.errors.KafkaError: The broker refused.
        """
        if not rows:
            return
        now = int(time.time() * 1000)
        records = [(key, row, now) for key, row in rows.items()]
        offsets = await self.app.lane_producer.send_batch(self.changelog_topic_name, partition, records)
        self.data.written(partition, rows, offsets)

    def lane_rows(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Return the rows of a partition as they are now; none unless this worker owns it and has recovered it."""
        owned = self.app.assignor.is_active(TP(self.changelog_topic_name, partition))
        settled = not (self.app.rebalancing or self.app.in_recovery)
        return iter(tuple(self.data.rows.get(partition, NO_ROWS).items()) if owned and settled else ())

    def restore(self, partition: int, records: Sequence[ConsumerRecord]) -> None:
        """Apply records of the changelog."""
        self.data.restore(partition, records, self._newer)

    def _new_store(self) -> LaneStore:
        return LaneStore("memory://", self.app, self, table_name=self.name, loop=self.loop)
