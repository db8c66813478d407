"""An event and where it stands in the log: what every fold gets."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import orjson

from events import CloudEvent, decode
from events.topics import PRODUCERS_TOPICS, is_misplaced, short_name

E = TypeVar("E", bound=CloudEvent)
_log = logging.getLogger(__name__)


class Entry(NamedTuple, Generic[E]):
    """An event of the log."""

    event: E
    logged_at: datetime
    """Log time: of a producer's event its record's, of what our agents derived that of its cause."""
    topic: str
    partition: int
    offset: int


def read(record: Any, partitions: Mapping[str, int]) -> Entry[CloudEvent] | None:
    """Read a record of Kafka.

    None, with a line in the log, when it is no event: the worker keeps it in the dead letters. None also when a
    producer misplaced it: the worker publishes it again, where all that happens to its task is in order.

    Args:
        record: As aiokafka's consumer gives it.
        partitions: How many each topic has.
    """
    by_anybody = short_name(record.topic) in PRODUCERS_TOPICS
    try:
        event = decode(_storable(record.value))
        said = None if by_anybody else event.time
        at = said.astimezone(UTC) if said else datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError) as error:  # a clock may say what is no time
        _log.warning("left out %s/%d@%d: %s", record.topic, record.partition, record.offset, error)
        return None
    if by_anybody and is_misplaced(event, record.key, record.partition, partitions[record.topic]):
        return None
    return Entry(event, at, record.topic, record.partition, record.offset)


def _storable(raw: bytes | None) -> bytes | None:
    """Replace NUL, which PostgreSQL cannot store, by the replacement character."""
    if raw is None or rb"\u0000" not in raw:
        return raw
    try:
        return orjson.dumps(_without_nul(orjson.loads(raw)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return raw  # which is no event, or nested too deeply for one


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case list():
            return [_without_nul(each) for each in value]
        case dict():
            return {_without_nul(name): _without_nul(each) for name, each in value.items()}
        case _:
            return value
