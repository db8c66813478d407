"""`dead_letters`: what could not be processed."""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, func, select, update

from events import RecordDeadLettered, RecordRedriven
from projections.dialects import among
from projections.entry import Entry
from projections.pages import Page, PageQuery, read_page
from projections.row import Row, fields
from projections.tables import dead_letters, redrives


def row(entry: Entry[RecordDeadLettered]) -> Row:
    """Return the refused record and the reason."""
    data = entry.event.data
    return fields(
        data,
        dead_letters,
        event_id=entry.event.id,
        dead_lettered_at=entry.logged_at,
        record_topic=data.topic,
        record_partition=data.partition,
        record_offset=data.offset,
        record_key=data.key,
    )


def redrive_row(entry: Entry[RecordRedriven]) -> Row:
    """Return the re-drive of a refused record."""
    event = entry.event
    return {"event_id": event.id, "dead_letter_id": event.data.dead_letter_id, "redriven_at": entry.logged_at}


def note_redrives(connection: Connection, ids: Collection[str]) -> None:
    """Note when records were last sent back; `ids` are dead letters of which they or a re-drive have just come."""
    last = select(func.max(redrives.c.redriven_at)).where(redrives.c.dead_letter_id == dead_letters.c.event_id)
    these = update(dead_letters).where(among(connection, dead_letters.c.event_id))
    connection.execute(these.values(redriven_at=last.scalar_subquery()), {"among": list(ids)})


def dead_letters_page(engine: Engine, asked: PageQuery) -> Page:
    """Return refused records, newest first.

    Raises:
        BadCursorError: The cursor is none of ours.
    """
    return read_page(engine, select(dead_letters), (dead_letters.c.dead_lettered_at, dead_letters.c.event_id), asked)


def find_dead_letter(engine: Engine, event_id: str) -> Row | None:
    """Return one refused record; None when there is no such dead letter."""
    with engine.connect() as connection:
        found = connection.execute(select(dead_letters).where(dead_letters.c.event_id == event_id)).mappings().first()
    return dict(found) if found else None
