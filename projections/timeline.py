"""All that happened to one task, in order, and why."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, select

from projections.row import Row
from projections.tables import task_events, tasks
from projections.why import Why, why

CAUSE_FIRST: Final = ("tasks", "failures", "heals", "requests")
"""Events of one log time: what our agents decided has that of its cause."""

MAX_EVENTS: Final = 1_000


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class RecordPlace(_Answer):
    """Where an event is in the log."""

    topic: str
    partition: int
    offset: int


class TimelineEvent(_Answer):
    """An event or a decision about a task."""

    event_id: str
    type: str
    """Short, such as `task.failed`."""
    logged_at: datetime
    causation_id: str | None
    """Id of the event that caused it."""
    record: RecordPlace
    details: dict[str, Any]
    """What it says, without outputs, secrets masked."""
    output: str | None
    """Of a failure: the end of what the task printed, secrets masked."""
    highlights: list[tuple[int, int]]
    """The evidence in it: first character and the one behind the last, in order, without overlaps."""
    why: Why | None


class Timeline(NamedTuple):
    """What is known of one task."""

    task: Row | None
    """None as long as none is known."""
    events: list[TimelineEvent]
    """In order: log time, cause before effect."""
    truncated: bool
    """Older ones are left out."""


def timeline(engine: Engine, task_id: str) -> Timeline:
    """Return a task and its events, the newest 1000 of them."""
    lines = select(task_events).where(task_events.c.task_id == task_id)
    newest = lines.order_by(task_events.c.logged_at.desc(), task_events.c.event_id).limit(MAX_EVENTS + 1)
    with engine.connect() as connection:
        task = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).mappings().first()
        found = connection.execute(newest).mappings().all()
    rows = sorted((dict(row) for row in found[:MAX_EVENTS]), key=_in_order)
    evidence = {
        row["details"].get("failure_id"): row["details"].get("evidence") or []
        for row in rows
        if row["type"] == "failure.diagnosed"
    }
    events = [_event(row, evidence.get(row["event_id"], [])) for row in rows]
    return Timeline(dict(task) if task else None, events, len(found) > MAX_EVENTS)


def highlights(output: str, evidence: list[Row]) -> list[tuple[int, int]]:
    """Return where evidence stands in an output of which secrets were masked and perhaps the head was cut off.

    It is found by its text, the place nearest to where the rule saw it.
    """
    found = (_nearest(output, spoke["text"], spoke["start"]) for spoke in evidence if spoke["text"])
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in found if span):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _nearest(output: str, text: str, start: int) -> tuple[int, int] | None:
    places = output.rfind(text, 0, start + len(text)), output.find(text, start)
    known = [place for place in places if place >= 0]
    if not known:
        return None
    place = min(known, key=lambda place: abs(place - start))
    return place, place + len(text)


def _in_order(row: Row) -> tuple[datetime, int, int, int]:
    topic = row["record_topic"].rpartition(".")[2]
    rank = CAUSE_FIRST.index(topic) if topic in CAUSE_FIRST else len(CAUSE_FIRST)
    return row["logged_at"], rank, row["record_partition"], row["record_offset"]


def _event(row: Row, evidence: list[Row]) -> TimelineEvent:
    place = RecordPlace(topic=row["record_topic"], partition=row["record_partition"], offset=row["record_offset"])
    return TimelineEvent(
        **{name: row[name] for name in ("event_id", "type", "logged_at", "causation_id", "details", "output")},
        record=place,
        highlights=highlights(row["output"], evidence) if row["output"] else [],
        why=why(row["type"], row["details"]),
    )
