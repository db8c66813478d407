"""The recorded events that every contestant gets: the same seed gives the same bytes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from bench.outputs import Ended, chatter, failure, load_failures
from events import CloudEvent, TaskCompleted, TaskCreated, TaskFailed, TaskProgressed, TaskStarted, encode, key_of
from events.topics import partition_of

SEED: Final = 11
PARTITIONS: Final = 4
EVENTS_PER_TASK: Final = 4
RUNNING_TASKS: Final = 500
START: Final = datetime(2026, 11, 22, tzinfo=UTC)
BETWEEN_EVENTS: Final = timedelta(milliseconds=100)
_TYPES: Final = ("spec", "impl", "test", "code-review")
_PROVIDERS: Final = ("claude", "openrouter", "codex")


class Recorded(NamedTuple):
    """A record of the mix."""

    partition: int
    key: bytes
    value: bytes
    timestamp: int
    """Log time, in milliseconds since 1970."""
    failure_id: str | None


def generate(tasks: int, seed: int = SEED) -> list[Recorded]:
    """Return the life of so many tasks: each is created, started, progresses once and ends, 40 % of them in failure.

    So a tenth of the events are failures. 500 tasks run side by side, five belong to each idea, and the log has an
    event every 100 ms. The records after a partition's last failure are left out: when the decision on that one is
    there, all of the partition was read.
    """
    random = Random(seed)
    failures = load_failures()
    lives = (_life(number, random, failures) for number in range(tasks))
    moments = (START + BETWEEN_EVENTS * number for number in range(tasks * EVENTS_PER_TASK))
    events = zip(_interleaved(lives, random), moments, strict=True)
    return up_to_last_failures([_record(type_, data, at) for (type_, data), at in events])


def created(tasks: int) -> Iterator[Recorded]:
    """Return the creation of so many tasks, and nothing else."""
    for number in range(tasks):
        type_, data = next(_life(number, Random(SEED), []))
        yield _record(type_, data, START)


def up_to_last_failures(records: Sequence[Recorded]) -> list[Recorded]:
    """Return the records without those behind the last failure of each partition."""
    last = {record.partition: place for place, record in enumerate(records) if record.failure_id}
    return [record for place, record in enumerate(records) if place <= last.get(record.partition, -1)]


def count_failures(records: Sequence[Recorded]) -> int:
    """Return how many decisions there have to be."""
    return sum(record.failure_id is not None for record in records)


_Step = tuple[type[CloudEvent], dict[str, Any]]


def _life(number: int, random: Random, failures: list[Ended]) -> Iterator[_Step]:
    task = {"task_id": f"task-{number}", "idea_id": f"idea-{number // 5}"}
    known = task | {"task_type": _TYPES[number % len(_TYPES)], "provider": _PROVIDERS[number % len(_PROVIDERS)]}
    yield TaskCreated, known | {"direction": f"Work on part {number} as its plan says."}
    yield TaskStarted, known | {"runner_id": f"runner-{number % 20}"}
    yield TaskProgressed, task | {"output_tail": chatter(random)}
    if number % 5 in (1, 3):
        end = failure(random, failures)
        yield TaskFailed, known | {"output": end.output, "exit_code": end.exit_code, "signal": end.signal}
    else:
        yield TaskCompleted, known | {"output": chatter(random), "elapsed_ms": 1000 + number}


def _interleaved(lives: Iterator[Iterator[_Step]], random: Random) -> Iterator[_Step]:
    running: list[Iterator[_Step]] = []
    while True:
        while len(running) < RUNNING_TASKS and (life := next(lives, None)) is not None:
            running.append(life)
        if not running:
            return
        place = random.randrange(len(running))
        step = next(running[place], None)
        if step is None:
            running[place] = running[-1]
            running.pop()
        else:
            yield step


def _record(type_: type[CloudEvent], data: dict[str, Any], at: datetime) -> Recorded:
    name = f"{data['task_id']}-{type_.__name__}"
    event = type_.new("/runners/bench", id=name, time=at, **data)
    key = key_of(event).encode()
    failure_id = name if type_ is TaskFailed else None
    return Recorded(partition_of(key, PARTITIONS), key, encode(event), int(at.timestamp() * 1000), failure_id)
