"""What fleets of tasks publish, made up from a seed: failures of every kind, repeats, and what no one should send."""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

DATA: Final = Path(__file__).parents[2] / "tests" / "data" / "failures.jsonl"
CATEGORIES: Final = ("timeout", "executor_crash", "provider_error", "validation_failure", "unknown", "bad-luck")
PROVIDERS: Final = tuple(f"provider-{number}" for number in range(12))
PHASES: Final = ("spec", "impl", "test", "code-review")
LIVE_TASKS: Final = 200
REMEMBERED: Final = 300
FILLER: Final = "compiled another module\n"
OUTPUT_CHARS: Final = (400, 4096)
SKEW_DAYS: Final = 400

UNDECODABLE: Final = (
    b"",
    b"\xff\xfe not JSON",
    b"[1, 2, 3]",
    b'{"specversion":"1.0","id":"x","source":"/x","type":"autoheal.task.exploded.v1","data":{"task_id":"t"}}',
    b'{"specversion":"1.0","id":"y","source":"/x","type":"autoheal.task.failed.v1","data":{"output":"whose?"}}',
)


@dataclass(frozen=True, slots=True)
class Message:
    """A record to publish."""

    key: bytes | None
    value: bytes


@dataclass(slots=True)
class Task:
    """A task that is still talked about."""

    id: str
    data: dict[str, Any] = field(repr=False)
    events_left: int

    @property
    def key(self) -> bytes:
        """Its work key."""
        return str(self.data.get("idea_id") or self.id).encode()


class Load:
    """An endless stream of records, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        """Begin with a fleet of new tasks."""
        self._random = Random(seed)
        self._number = count(1)
        lines = DATA.read_text(encoding="utf-8").splitlines()
        self._outputs = [str(json.loads(line)["output"]) for line in lines]
        self._tasks = [self._new_task() for _ in range(LIVE_TASKS)]
        self._failures: deque[Message] = deque(maxlen=REMEMBERED)

    def take(self, number: int) -> list[Message]:
        """Return the next records."""
        return [self._next() for _ in range(number)]

    def _next(self) -> Message:
        (make,) = self._random.choices(
            (self._progress, self._failure, self._again, self._misplaced, self._undecodable), (55, 38, 4, 2, 1)
        )
        return make()

    def _progress(self) -> Message:
        task = self._task()
        return self._event(task, self._random.choice(("created", "started", "progressed")), output_tail="…")

    def _failure(self) -> Message:
        message = self._event(self._task(), self._random.choice(("failed",) * 5 + ("timed_out",)), **self._said())
        self._failures.append(message)
        return message

    def _again(self) -> Message:
        return self._random.choice(self._failures) if self._failures else self._failure()

    def _misplaced(self) -> Message:
        return Message(self._random.choice((None, b"elsewhere")), self._failure().value)

    def _undecodable(self) -> Message:
        return Message(self._random.choice((None, b"anywhere")), self._random.choice(UNDECODABLE))

    def _said(self) -> dict[str, Any]:
        """Return what a failure tells of itself: an output, often the producer's opinion, and now and then heals."""
        said: dict[str, Any] = {"output": self._output()}
        if self._chance(0.4):
            said["error_category"] = self._random.choice(CATEGORIES)
        if self._chance(0.05):
            said["retry_count"] = self._random.randrange(3)
        if self._chance(0.03):
            said["heal_task_id"] = "a-heal-of-its-own"
        return said

    def _output(self) -> str:
        low, high = OUTPUT_CHARS
        length = self._random.randint(low, high)
        return f"{FILLER * (length // len(FILLER))}{self._random.choice(self._outputs)}"[-length:]

    def _task(self) -> Task:
        index = self._random.randrange(LIVE_TASKS)
        task = self._tasks[index]
        task.events_left -= 1
        if not task.events_left:
            self._tasks[index] = self._new_task()
        return task

    def _new_task(self) -> Task:
        number = next(self._number)
        data = {"task_id": f"task-{number}", "task_type": self._random.choice(PHASES)}
        data |= {"provider": self._random.choice(PROVIDERS)}
        if self._chance(0.7):
            data["idea_id"] = f"idea-{number // 3}"
        return Task(data["task_id"], data, self._random.randint(4, 20))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _event(self, task: Task, happened: str, **said: Any) -> Message:
        skew = timedelta(days=self._random.uniform(-SKEW_DAYS, SKEW_DAYS))
        event = {
            "specversion": "1.0",
            "id": f"event-{next(self._number)}",
            "source": "/crashtest",
            "type": f"autoheal.task.{happened}.v1",
            "time": (datetime.now(UTC) + skew).isoformat(),  # no decision may go by it
            "data": task.data | said,
        }
        return Message(task.key, json.dumps(event).encode())
