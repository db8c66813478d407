"""The one runtime of all agents: a batch of records in, new rows and new records out. It does no I/O."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

import orjson
from pydantic import BaseModel, TypeAdapter

from events.codec import decode, encode
from events.envelope import CloudEvent
from events.topics import PRODUCERS_TOPICS, Topics, is_misplaced, key_of, partition_of
from streams.dead_letter import dead_letter
from streams.decider import Agent, Control, Row
from streams.progress import NOTHING, Progress
from streams.record import Record, coordinate, log_time, place

Outputs = dict[tuple[str, int], list[tuple[bytes, bytes, int]]]
"""Per topic and partition: key, value and timestamp (milliseconds) of each record."""

Emits = Sequence[tuple[CloudEvent, bytes]]
"""Events to publish, with their bytes."""

KNOWN_ROWS = 20_000
"""A row is read by several events of its task within seconds: what was written then spares reading it anew."""


@dataclass(frozen=True)
class Stored(Generic[Row]):
    """A row as the changelog keeps it."""

    row: Row
    applied: dict[str, Progress] = field(default_factory=dict)
    """What the row contains, per source topic and partition."""
    generation: int = 0
    """Consumer group generation of the worker that wrote it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch leads to: publish the outputs first, then write the rows."""

    outputs: Outputs
    rows: dict[bytes, bytes]


def newer(stored: bytes, incoming: bytes) -> bool:
    """Tell whether an incoming row of the changelog replaces the stored one.

    A worker that was stopped and woken up after its partitions moved on may write an old row behind a newer one. Such
    a row contains nothing that the newer one lacks; where neither contains the other, the later generation is right.
    """
    old, new = orjson.loads(stored), orjson.loads(incoming)
    before, after = _applied(old), _applied(new)
    if _covers(after, before):
        return True
    return not _covers(before, after) and bool(new["generation"] >= old["generation"])


def _applied(stored: Mapping[str, Any]) -> dict[str, Progress]:
    return {source: Progress.stored(progress) for source, progress in stored["applied"].items()}


def _covers(whole: Mapping[str, Progress], part: Mapping[str, Progress]) -> bool:
    return all(whole.get(source, NOTHING).covers(progress) for source, progress in part.items())


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Row]):
    """A batch at work: its rows are written when it is done."""

    get: Callable[[bytes], bytes | None]
    generation: int
    first: int
    rows: dict[bytes, Stored[Row]] = field(default_factory=dict)


class Runtime(Generic[Row]):
    """Runs one agent over batches of records."""

    def __init__(self, agent: Agent[Row], topics: Topics, partitions: int, control: Control) -> None:
        """Prepare to run an agent on topics that all have the same number of partitions."""
        self._agent = agent
        self._topics = topics
        self._partitions = partitions
        self._control = control
        self._codec: TypeAdapter[Stored[Row]] = TypeAdapter(Stored[agent.row])  # type: ignore[name-defined]
        self._producers_topics = frozenset(map(topics.named, PRODUCERS_TOPICS))
        self._new = Stored(agent.row())
        self._known: dict[bytes, tuple[bytes, Stored[Row]]] = {}

    def process(self, records: Sequence[Record], get: Callable[[bytes], bytes | None], generation: int = 0) -> Outcome:
        """Decide on every record of one partition's batch, in order.

        Args:
            records: The batch.
            get: Returns the stored bytes of a row.
            generation: Consumer group generation to write the rows under.
        """
        batch: _Batch[Row] = _Batch(get, generation, records[0].offset)
        outputs: Outputs = defaultdict(list)
        emits: Emits
        for record in records:
            try:
                event = decode(record.value)
                misplaced = self._is_misplaced(event, record)
                emits = [(event, record.value or b"")] if misplaced else self._apply(event, record, batch)
            except Exception as error:  # noqa: BLE001 - whatever a record makes us raise, the stream goes on
                emits = [_originating(dead_letter(self._agent.name, record, error), record, 0, batch.first)]
            for emit, raw in emits:
                key = key_of(emit).encode()
                to = self._topics.of(emit.type), partition_of(key, self._partitions)
                outputs[to].append((key, raw, record.timestamp))
        return Outcome(outputs, {key: self._dump(key, stored) for key, stored in batch.rows.items()})

    def _apply(self, event: CloudEvent, record: Record, batch: _Batch[Row]) -> Emits:
        """Fold one event into the row that it concerns, and return what follows from it, encoded."""
        name = self._agent.key(event)
        if name is None:
            return ()
        key = name.encode()
        stored = batch.rows.get(key) or self._load(key, batch.get(key))
        derived = record.topic not in self._producers_topics
        position = coordinate(record, event if derived else None)
        progress = stored.applied.get(position.source, NOTHING)
        if progress.contains(position.at):
            return ()
        at = (derived and event.time) or log_time(record)
        decision = self._agent.decide(stored.row, event, at, self._control)
        emits = [_originating(emit, record, index, batch.first) for index, emit in enumerate(decision.emits)]
        if decision.row is not stored.row or emits:
            applied = stored.applied | {position.source: progress.taking(position)}
            batch.rows[key] = Stored(decision.row, applied, batch.generation)
        return emits

    def _load(self, key: bytes, raw: bytes | None) -> Stored[Row]:
        if raw is None:
            return self._new
        written, stored = self._known.get(key, (None, None))
        return stored if stored and written is raw else self._codec.validate_json(raw)

    def _dump(self, key: bytes, stored: Stored[Row]) -> bytes:
        raw = orjson.dumps(stored, option=orjson.OPT_UTC_Z, default=BaseModel.model_dump)
        if len(self._known) >= KNOWN_ROWS:
            self._known.clear()
        self._known[key] = raw, stored
        return raw

    def _is_misplaced(self, event: CloudEvent, record: Record) -> bool:
        """Tell whether a producer put a record elsewhere than where all that happens to its work key is."""
        by_anybody = record.topic in self._producers_topics
        return by_anybody and is_misplaced(event, record.key, record.partition, self._partitions)


def _originating(event: CloudEvent, record: Record, index: int, first: int) -> tuple[CloudEvent, bytes]:
    """Return an event, and its bytes with the coordinate of the record that it follows from.

    All before the first record of its batch is done with for good: the batch before had its rows written.
    """
    return event, encode(event, origin=f"{place(record)}#{index}", settled=first)
