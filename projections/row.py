"""What a fold makes of an event."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table

from events import CloudEvent

Row = dict[str, Any]


def fields(data: BaseModel, table: Table) -> Row:
    """Return the fields of an event's data for which the table has a column of the same name."""
    names, values = _alike(type(data), table)
    return dict(zip(names, values(data), strict=True))


@cache
def _alike(data: type[BaseModel], table: Table) -> tuple[list[str], Callable[[BaseModel], tuple[Any, ...]]]:
    names = [column.name for column in table.columns if column.name in data.model_fields]
    return names, attrgetter(*names)


def log_time(event: CloudEvent) -> datetime:
    """Return when the event happened.

    Raises:
        ValueError: It has no time; those that our agents publish have the log time of their cause.
    """
    if event.time is None:
        raise ValueError(f"event {event.id} ({event.type}) has no time: give it that of its record")
    return event.time
