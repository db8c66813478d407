"""A Kafka record as the agents see it: bytes with a coordinate and a log time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from events.envelope import CloudEvent

Position = tuple[int, int]
"""Offset of an input record, and which of the events that it caused."""


class Coordinate(NamedTuple):
    """Where something stands in a topic's partition."""

    source: str
    """Topic and partition."""
    at: Position
    settled: int
    """Nothing below this offset of the source comes for the first time any more."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the agents need of a record; aiokafka's consumer records have the same fields."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Log time in milliseconds since 1970."""
    key: bytes | None
    value: bytes | None


def place(record: Record) -> str:
    """Return where a record is in the log: `topic/partition@offset`."""
    return f"{record.topic}/{record.partition}@{record.offset}"


def log_time(record: Record) -> datetime:
    """Return the record's timestamp, the only clock that decisions use."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def coordinate(record: Record, derived: CloudEvent | None) -> Coordinate:
    """Return where a record stands in its source: the record that caused it, if it is derived, else the record itself.

    A derived event that was published again after a crash is a new record with the old coordinate.

    Args:
        record: The record.
        derived: The event in it, if our own agents wrote its topic.

    Raises:
        ValueError: The event's origin is none.
    """
    if derived is None or derived.origin is None:
        return Coordinate(f"{record.topic}/{record.partition}", (record.offset, 0), record.offset + 1)
    source, _, position = derived.origin.rpartition("@")
    offset, _, index = position.partition("#")
    return Coordinate(source, (int(offset), int(index)), derived.settled or 0)
