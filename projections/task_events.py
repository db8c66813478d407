"""`task_events`: what happened to each task and what was decided about it, event by event."""

from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from events import TaskFailed, TaskTimedOut
from events.secrets import MASK, mask
from events.topics import PRODUCERS_TOPICS, short_name
from projections.entry import Entry
from projections.row import Row

FAILURES: Final = (TaskFailed, TaskTimedOut)
OUTPUTS: Final = frozenset({"output", "partial_output", "output_tail"})
IDENTIFIERS: Final = frozenset({"task_id", "idea_id", "task_type", "provider", "runner_id", "model", "source_task_id"})
"""What is no free text, so that no secret is looked for in it."""
HEAD_CHARS: Final = 8_192
TAIL_CHARS: Final = 24_576
INTEGER_BITS: Final = 63
CUT: Final = "\n[...]\n"


def row(entry: Entry[Any]) -> Row | None:
    """Return the event as a line of its task's timeline; None when it is about no task."""
    event, data = entry.event, entry.event.data
    said = vars(data)
    task_id = said.get("source_task_id" if event.type.startswith("autoheal.heal.") else "task_id")
    if task_id is None:
        return None
    return {
        "event_id": event.id,
        "task_id": task_id,
        "logged_at": entry.logged_at,
        "type": short_type(event.type),
        "causation_id": event.causationid,
        "record_topic": entry.topic,
        "record_partition": entry.partition,
        "record_offset": entry.offset,
        "details": _details(said, by_anybody=short_name(entry.topic) in PRODUCERS_TOPICS),
        "output": _output(data) if isinstance(event, FAILURES) else None,
    }


@cache
def short_type(event_type: str) -> str:
    """Return `task.failed` of `autoheal.task.failed.v1`."""
    return event_type[len("autoheal.") : event_type.rindex(".")]


def _details(said: Row, *, by_anybody: bool) -> Row:
    """Return what the event says, without outputs and with secrets masked."""
    clear = IDENTIFIERS if by_anybody else said  # our agents have masked what they derived
    return {
        name: value if name in clear else _masked(value)
        for name, value in said.items()
        if value is not None and name not in OUTPUTS
    }


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case BaseModel():
            return _masked(value.model_dump(exclude_none=True))
        case dict():
            return {name: MASK if _is_secret(name) else _masked(each) for name, each in value.items()}
        case list() | tuple():
            return [_masked(each) for each in value]
        case int() if value.bit_length() > INTEGER_BITS:
            return str(value)  # a number that few readers of JSON know
        case _:
            return value


def _is_secret(name: str) -> bool:
    """Tell a name such as `password`, whose value is a secret whatever it looks like."""
    assignment = f"{name}=x"
    return mask(assignment) != assignment


def _output(data: Any) -> str | None:
    """Return what the task printed, its head and its tail where it is long, secrets masked."""
    output = data.output if data.output is not None else getattr(data, "partial_output", None)
    if output is None:
        return None
    masked = mask(output)
    if len(masked) <= HEAD_CHARS + TAIL_CHARS:
        return masked
    return masked[:HEAD_CHARS] + CUT + masked[-TAIL_CHARS:]
