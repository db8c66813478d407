"""The log as it is: every record from the start, read by another client than the product's and parsed by hand."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

NAMES: Final = ("tasks", "failures", "heals", "dead-letters")
SILENCE_S: Final = 1.5
FETCH: Final = 5_000
KINDS: Final = re.compile(
    r"autoheal\.(task\.(?:created|started|progressed|completed|failed|timed_out)|failure\.diagnosed"
    r"|heal\.(?:requested|suppressed|succeeded|failed|expired)|record\.dead_lettered)\.v1"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, with its event when it holds one."""

    topic: str
    partition: int
    offset: int
    at: int
    """The record's timestamp: milliseconds since 1970."""
    key: bytes | None
    event: dict[str, Any] | None

    @property
    def place(self) -> str:
        """Where it is in the log."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def id(self) -> str:
        """The event's id."""
        return str((self.event or {})["id"])

    @property
    def kind(self) -> str:
        """What happened, such as `task.failed`."""
        return kind_of((self.event or {})["type"])

    @property
    def data(self) -> dict[str, Any]:
        """What the event says."""
        data: dict[str, Any] = (self.event or {})["data"]
        return data

    @property
    def time(self) -> datetime:
        """When the event happened, by its own word."""
        return datetime.fromisoformat((self.event or {})["time"])


class Log:
    """Follows all topics of one installation."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        """Begin at the start of every partition."""
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "crashtest-checker",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
            }
        )
        topics = self._consumer.list_topics(timeout=10).topics
        self._consumer.assign(
            [
                TopicPartition(topic, partition, OFFSET_BEGINNING)
                for topic in (f"{prefix}.{name}" for name in NAMES)
                for partition in topics[topic].partitions
            ]
        )
        self.entries: list[Entry] = []
        self.ends: dict[tuple[str, int], int] = {}

    def read_on(self) -> None:
        """Read until nothing comes any more: the end offsets that the embedded broker reports are too low to go by."""
        while messages := self._consumer.consume(FETCH, SILENCE_S):
            self._take(messages)

    def dump(self, file: Path) -> None:
        """Write every record as a line of JSON, to look into afterwards."""
        with file.open("w") as lines:
            lines.writelines(
                f"{json.dumps([entry.place, entry.at, str(entry.key), entry.event])}\n" for entry in self.entries
            )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if error := message.error():
                raise KafkaException(error)
            entry = entry_of(message)
            self.entries.append(entry)
            self.ends[entry.topic, entry.partition] = entry.offset + 1


def entry_of(message: Message) -> Entry:
    """Return a record as the checker looks at it."""
    topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
    key: Any = message.key()
    return Entry(topic, partition, offset, message.timestamp()[1], key, event_in(message.value()))


def event_in(value: Any) -> dict[str, Any] | None:
    """Return the event in a record's value, None when it holds none; outputs are left out, nobody asks for them."""
    try:
        event: Any = json.loads(value or b"")
    except ValueError:
        return None
    if not isinstance(event, dict) or not kind_of(event.get("type")) or not isinstance(event.get("data"), dict):
        return None
    data: dict[str, Any] = event["data"]
    data.pop("output", None)
    return event if data.keys() & {"task_id", "source_task_id", "agent"} else None


def kind_of(event_type: Any) -> str:
    """Return `task.failed` of `autoheal.task.failed.v1`; nothing of what is no event type of ours."""
    found = KINDS.fullmatch(str(event_type))
    return found.group(1) if found else ""
