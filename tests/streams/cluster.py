"""A log with partitions in memory, and workers that crash between any two steps of a batch."""

from collections import defaultdict
from functools import partial
from typing import Literal

from events import CloudEvent, Topics, decode, encode, key_of
from events.topics import partition_of
from streams.decider import Control
from streams.record import Record
from streams.runtime import Runtime
from streams.topology import AGENTS

PARTITIONS = 2
Crash = Literal["before effects", "before state", "before offset"]


class Cluster:
    """The agents over an in-memory Kafka: what survives a crash is the log, the changelog and the offsets."""

    def __init__(self, control: Control) -> None:
        self.topics = Topics()
        self.log: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        self.runtimes = [Runtime(agent, self.topics, PARTITIONS, control) for agent in AGENTS]
        self._rows: defaultdict[tuple[int, int], dict[bytes, bytes]] = defaultdict(dict)
        self._offsets: defaultdict[tuple[int, str, int], int] = defaultdict(int)
        self.inputs = [
            (index, self.topics.named(name), partition)
            for index, agent in enumerate(AGENTS)
            for name in agent.reads
            for partition in range(PARTITIONS)
        ]

    def publish(self, event: CloudEvent) -> None:
        """Append a producer's event; its own time is the log time."""
        self._append(self.topics.of(event.type), key_of(event).encode(), encode(event), event.time.timestamp() * 1000)

    def step(self, which: tuple[int, str, int], size: int, crash: Crash | None = None) -> bool:
        """Let an agent take a batch of one of its partitions; tell whether there was any."""
        index, topic, partition = which
        batch = self.log[topic, partition][self._offsets[which] :][:size]
        if not batch or crash == "before effects":
            return bool(batch)
        rows = self._rows[index, partition]
        outcome = self.runtimes[index].process(batch, rows.get)
        for (to, number), outputs in outcome.outputs.items():
            for key, value, timestamp in outputs:
                assert partition_of(key, PARTITIONS) == number
                self._append(to, key, value, timestamp)
        if crash != "before state":
            rows.update(outcome.rows)
        if crash is None:
            self._offsets[which] += len(batch)
        return True

    def drain(self) -> None:
        """Let every agent go on until there is nothing left to read."""
        while any(list(map(partial(self.step, size=100), self.inputs))):
            pass

    def events(self, topic: str) -> list[CloudEvent]:
        """Return the events of a topic, those that were published twice once."""
        unique: dict[str, CloudEvent] = {}
        for partition in range(PARTITIONS):
            for record in self.log[self.topics.named(topic), partition]:
                event = decode(record.value)
                unique.setdefault(event.id, event)
        return list(unique.values())

    def _append(self, topic: str, key: bytes, value: bytes, timestamp: float) -> None:
        partition = partition_of(key, PARTITIONS)
        log = self.log[topic, partition]
        log.append(Record(topic, partition, len(log), int(timestamp), key, value))
