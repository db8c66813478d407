"""Which tasks there are: found by how their id or their idea's begins, the last to change first."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Column, ColumnElement, Engine, Text, func, or_, select

from projections.pages import Page, PageQuery, Stored, equal, read_page
from projections.tables import tasks

Status = Literal["pending", "running", "completed", "failed", "timed_out", "needs_decision"]


class TaskQuery(PageQuery):
    """Which tasks are asked for; filters that are left out keep none away."""

    q: Annotated[
        Stored | None,
        Field(description="The task's id, or its idea's, begins with it", examples=["task_4"], max_length=200),
    ] = None
    status: Annotated[Status | None, Field(description="As it is now")] = None


def tasks_page(engine: Engine, asked: TaskQuery) -> Page:
    """Return tasks, the one with the newest event first.

    Raises:
        BadCursorError: The cursor is none of ours.
    """
    holds: list[Any] = equal(tasks, asked, status="status")
    if asked.q:
        holds.append(or_(_begins_with(tasks.c.task_id, asked.q), _begins_with(tasks.c.idea_id, asked.q)))
    return read_page(engine, select(tasks).where(*holds), (tasks.c.last_event_at, tasks.c.task_id), asked)


def _begins_with(name: Column[str], text: str) -> ColumnElement[bool]:
    """Compare exactly: `LIKE` knows no case in SQLite, and what comes after a text depends on PostgreSQL's locale."""
    return func.substr(name, 1, len(text), type_=Text()) == text
