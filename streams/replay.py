"""Replay: the agents of a live worker, run in memory over a recorded log.

The same events give the same bytes at each run: it is the backtest of a policy and the driver of most tests.
"""

from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from events.codec import RefusedEventError, decode
from events.topics import Topics, key_of
from streams.decider import Control
from streams.record import Record
from streams.runtime import Runtime
from streams.topology import AGENTS

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Replay:
    """A log with one partition per topic, the agents that read it, and their rows."""

    def __init__(self, control: Control) -> None:
        """Start with an empty log."""
        self._topics = Topics()
        self._readers: defaultdict[str, list[tuple[Runtime[Any], dict[bytes, bytes]]]] = defaultdict(list)
        for agent in AGENTS:
            runtime, rows = Runtime(agent, self._topics, 1, control), dict[bytes, bytes]()
            for name in agent.reads:
                self._readers[self._topics.named(name)].append((runtime, rows))
        self._ends: defaultdict[str, int] = defaultdict(int)
        self._now = datetime.fromtimestamp(0, UTC)

    def feed(self, line: bytes) -> list[bytes]:
        """Append one recorded event and return every event that follows from it, in order.

        An event with an `origin` was derived when the log was recorded: it is left out here and derived anew.

        Args:
            line: A CloudEvent as JSON. Its log time is `_at` if it has one, else `time`, else that of the line before.

        Raises:
            RefusedEventError: `_at` is no time. (A line that is no event becomes a dead letter, as in a live run.)
        """
        try:
            event = decode(line)
        except RefusedEventError:
            return self._run(self._topics.named("tasks"), None, line)
        if event.origin:
            return []
        self._now = _recorded_at(line) or event.time or self._now
        return self._run(self._topics.of(event.type), key_of(event).encode(), line)

    def _run(self, topic: str, key: bytes | None, value: bytes) -> list[bytes]:
        """Let every agent read the record, and those that follow from it, until nothing follows any more."""
        derived: list[bytes] = []
        queue = deque([self._append(topic, key, value, int(self._now.timestamp() * 1000))])
        while queue:
            record = queue.popleft()
            for runtime, rows in self._readers[record.topic]:
                outcome = runtime.process([record], rows.get)
                rows.update(outcome.rows)
                for (to, _), outputs in outcome.outputs.items():
                    queue.extend(self._append(to, *output) for output in outputs)
                    derived += (raw for _, raw, _ in outputs)
        return derived

    def _append(self, topic: str, key: bytes | None, value: bytes, timestamp: int) -> Record:
        offset = self._ends[topic]
        self._ends[topic] += 1
        return Record(topic, 0, offset, timestamp, key, value)


def _recorded_at(line: bytes) -> datetime | None:
    if b'"_at"' not in line:
        return None
    try:
        at = orjson.loads(line).get("_at")
        return at and _MOMENT.validate_python(at)
    except ValidationError as error:
        raise RefusedEventError(("_at", error.errors()[0]["msg"])) from None
