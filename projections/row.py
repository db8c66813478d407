"""What a fold makes of an event."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table

Row = dict[str, Any]


def fields(data: BaseModel, table: Table, **others: Any) -> Row:
    """Return the fields of an event's data that the table has a column for, by name, and others beside them."""
    values = vars(data)
    return {name: values[name] for name in _alike(type(data), table)} | others


@cache
def _alike(data: type[BaseModel], table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name in data.model_fields]
