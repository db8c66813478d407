"""What a fold makes of an event."""

from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table

from events import CloudEvent

Row = dict[str, Any]


def fields(data: BaseModel, table: Table, **others: Any) -> Row:
    """Return the fields of an event's data that the table has a column for, by name, and others beside them."""
    values = vars(data)
    return {name: values[name] for name in _alike(type(data), table)} | others


@cache
def _alike(data: type[BaseModel], table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name in data.model_fields]


def log_time(event: CloudEvent) -> datetime:
    """Return when the event happened.

    Raises:
        ValueError: It has no time; those that our agents publish have the log time of their cause.
    """
    if event.time is None:
        raise ValueError(f"event {event.id} ({event.type}) has no time: give it that of its record")
    return event.time
