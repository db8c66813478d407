"""Pages of a list, newest first: each goes on where the one before ended, however many rows come meanwhile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import Column, ColumnElement, Engine, Select, Table, literal, tuple_

from projections.row import Row

Limit = Annotated[int, Field(ge=1, le=200, description="How many at most")]
Cursor = Annotated[
    str | None, Field(max_length=2000, description="`next` of the page before; leave it out for the first page")
]


def as_stored(text: str) -> str:
    """Return a text as the tables have it: NUL, which PostgreSQL cannot store, is the replacement character there."""
    return text.replace("\0", "\ufffd")


Stored = Annotated[str, AfterValidator(as_stored)]


class BadCursorError(ValueError):
    """The cursor is none of ours; the message is one line that says what to do."""


class PageQuery(BaseModel):
    """Which part of a list is asked for; lists add their filters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Limit = 50
    cursor: Cursor = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and the cursor of the next ones; None when these were the last."""

    items: list[Row]
    next: str | None


def read_page(engine: Engine, query: Select[Any], by: tuple[Column[datetime], Column[str]], asked: PageQuery) -> Page:
    """Return the rows of a query behind a cursor, newest first.

    Args:
        engine: The projections' database.
        query: The rows, filtered and in no order yet; it selects the columns of `by`.
        by: The moment that orders the rows, and the key that tells those of one moment apart. They need an index.
        asked: How many rows, and behind which.

    Raises:
        BadCursorError: The cursor is none of ours.
    """
    moment, key = by
    query = query.order_by(moment.desc(), key.desc()).limit(asked.limit + 1)
    if asked.cursor is not None:
        at, name = _position(asked.cursor)
        query = query.where(tuple_(moment, key) < tuple_(literal(at, moment.type), literal(name, key.type)))
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    items = rows[: asked.limit]
    return Page(items, _cursor(items[-1][moment.name], items[-1][key.name]) if len(rows) > asked.limit else None)


def equal(table: Table, asked: BaseModel, **columns: str) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters that are set: column by the name of its filter."""
    said = ((column, getattr(asked, name)) for name, column in columns.items())
    return [table.c[column] == value for column, value in said if value is not None]


def between(moment: Column[datetime], since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a window: from `since` on, before `until`."""
    return [*([moment >= since] if since else []), *([moment < until] if until else [])]


def _cursor(at: datetime, name: str) -> str:
    return urlsafe_b64encode(orjson.dumps([at, name])).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        at, name = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return datetime.fromisoformat(at).astimezone(UTC), as_stored(name)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadCursorError("cursor: it is none of ours, leave it out to begin anew") from error
