"""`dead_letters`: what could not be processed."""

from events import RecordDeadLettered
from projections.entry import Entry
from projections.row import Row, fields
from projections.tables import dead_letters


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
