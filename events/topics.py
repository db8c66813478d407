"""Which topic an event belongs on, and under which key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

from aiokafka.partitioner import murmur2

from events.dead_letters import RecordDeadLettered, RecordRedriven
from events.envelope import CloudEvent
from events.failures import FailureDiagnosed

_TOPIC_OF_NOUN = {"task": "tasks", "failure": "failures", "heal": "heals", "record": "dead-letters"}
_TOPIC_OF_TYPE = {"autoheal.task.requested.v1": "requests"}
NAMES = ("tasks", "failures", "heals", "requests", "dead-letters")
PRODUCERS_TOPICS = ("tasks", "requests")
"""Anybody writes these: the record's own clock and coordinate count there, not what the event says of itself."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one installation; the prefix keeps several apart on one broker."""

    prefix: str = "autoheal"

    def named(self, name: str) -> str:
        """Return the full name of one of `NAMES`."""
        return f"{self.prefix}.{name}"

    def of(self, event_type: str) -> str:
        """Return the topic on which events of a type (`autoheal.task.failed.v1`) are published."""
        return self.named(topic_of(event_type))

    def all(self) -> tuple[str, ...]:
        """Return the full name of every topic."""
        return tuple(map(self.named, NAMES))


def short_name(topic: str) -> str:
    """Return which of `NAMES` a topic's full name ends in."""
    return topic.rpartition(".")[2]


@cache
def topic_of(event_type: str) -> str:
    """Return the short name, one of `NAMES`, of the topic for an event type."""
    return _TOPIC_OF_TYPE.get(event_type) or _TOPIC_OF_NOUN[event_type.split(".")[1]]


def work_key(event: CloudEvent) -> str:
    """Return the key under which all that happens to one idea, or to a task without one, is in order."""
    data: Any = cast("Any", event).data
    return cast("str", data.idea_id or getattr(data, "task_id", None) or data.source_task_id)


def key_of(event: CloudEvent) -> str:
    """Return the Kafka key of an event: a diagnosis' cooldown scope, a dead letter's old key, else the work key."""
    match event:
        case FailureDiagnosed():
            return event.data.cooldown_scope
        case RecordDeadLettered():
            return event.data.key or ""
        case RecordRedriven():
            return event.data.dead_letter_id
        case _:
            return work_key(event)


def is_misplaced(event: CloudEvent, key: bytes | None, partition: int, partitions: int) -> bool:
    """Tell whether a producer put an event elsewhere than where all that happens to its work key is."""
    right = work_key(event).encode()
    return key != right or partition_of(right, partitions) != partition


@lru_cache(maxsize=100_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key, as Java's and aiokafka's default partitioners choose it."""
    return cast("Callable[[bytes], int]", murmur2)(key) % (1 << 31) % partitions
