"""A Kafka record as the agents see it: bytes with a coordinate and a log time."""

from dataclasses import dataclass
from datetime import UTC, datetime

Coordinate = tuple[int, int]
"""Offset of an input record, and which of the events that it caused."""


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


def origin_of(record: Record, index: int, first: int) -> str:
    """Return the origin of an event that follows from a record: `topic/partition@offset#index`.

    Args:
        record: The record.
        index: Which of the events that follow from it.
        first: Offset of the first record of its batch, told as `;since=`: what came before is done with for good.
    """
    since = f";since={first}" if first < record.offset else ""
    return f"{place(record)}#{index}{since}"


def coordinate(record: Record, origin: str | None) -> tuple[str, Coordinate, int]:
    """Return where a record stands in its source: the record that caused it, by its `origin`, else the record itself.

    A derived event that was published again after a crash is a new record with the old coordinate.

    Returns:
        The source, the coordinate, and the offset below which nothing of the source comes for the first time any more.
    """
    if origin is None:
        return f"{record.topic}/{record.partition}", (record.offset, 0), record.offset + 1
    source, _, position = origin.rpartition("@")
    place, _, since = position.partition(";since=")
    offset, _, index = place.partition("#")
    return source, (int(offset), int(index)), int(since or offset)
