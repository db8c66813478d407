"""`tasks`: what is known of each task now."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, cast

from pydantic import BaseModel
from sqlalchemy import Connection, select

from events import (
    CloudEvent,
    TaskCompleted,
    TaskCreated,
    TaskDecisionNeeded,
    TaskFailed,
    TaskProgressed,
    TaskStarted,
    TaskTimedOut,
)
from events.secrets import mask
from projections.dialects import among
from projections.entry import Entry
from projections.row import Row
from projections.tables import tasks

STATUSES: Final[dict[type[CloudEvent], str]] = {
    TaskCreated: "pending",
    TaskStarted: "running",
    TaskProgressed: "running",
    TaskCompleted: "completed",
    TaskFailed: "failed",
    TaskTimedOut: "timed_out",
    TaskDecisionNeeded: "needs_decision",
}
ENDED: Final = frozenset({"completed", "failed", "timed_out"})
LEARNED: Final = (
    "idea_id",
    "idea_name",
    "task_type",
    "provider",
    "runner_id",
    "source_task_id",
    "direction",
    "elapsed_ms",
)
FREE_TEXT: Final = ("idea_name", "direction")
"""What may hold secrets."""
MOMENTS: Final = {TaskCreated: "created_at", TaskStarted: "started_at"} | dict.fromkeys(
    (TaskCompleted, TaskFailed, TaskTimedOut), "ended_at"
)
INITIAL: Final[Row] = {column.name: None for column in tasks.columns}


def evolve(row: Row, entry: Entry[Any]) -> Row:
    """Take an event of a task as a fact; what an older one says fills gaps only.

    Events of one task come in the order of the log, unless a producer gives them different keys.
    """
    event = type(entry.event)
    newer = row["last_event_at"] is None or entry.logged_at >= row["last_event_at"]
    said = _said(entry.event)
    if moment := MOMENTS.get(event):
        said[moment] = entry.logged_at
    if not newer:
        return row | {name: value for name, value in said.items() if row[name] is None}
    said["last_event_at"] = entry.logged_at
    if _changes_status(row["status"], event):
        said["status"], said["status_at"] = STATUSES[event], entry.logged_at
    return row | said


def _said(event: Any) -> Row:
    data = vars(event.data)
    said = {name: value for name in _learned(event.__class__) if (value := data[name]) is not None}
    return said | {name: mask(said[name]) for name in FREE_TEXT if name in said}


@cache
def _learned(event: type[CloudEvent]) -> list[str]:
    data = event.model_fields["data"].annotation
    return [name for name in LEARNED if name in cast("type[BaseModel]", data).model_fields]


def _changes_status(status: str | None, event: type[CloudEvent]) -> bool:
    """A task that has ended is not brought back by a late sign of its work, nor does a call for a person change it."""
    return status not in ENDED or event not in (TaskProgressed, TaskDecisionNeeded)


def fold(known: dict[str, Row], entries: Iterable[Entry[Any]]) -> dict[str, Row]:
    """Return the new rows of the tasks that the entries are about."""
    changed: dict[str, Row] = {}
    for entry in entries:
        task_id = entry.event.data.task_id
        row = changed.get(task_id) or known.get(task_id) or INITIAL | {"task_id": task_id}
        changed[task_id] = evolve(row, entry)
    return changed


def read(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Return the rows of tasks by id."""
    query = select(tasks).where(among(connection, tasks.c.task_id))
    return {row["task_id"]: dict(row) for row in connection.execute(query, {"among": list(ids)}).mappings()}
