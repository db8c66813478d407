"""`dead_letters`: what could not be processed."""

from events import RecordDeadLettered
from projections.row import Row, fields, log_time
from projections.tables import dead_letters


def row(event: RecordDeadLettered) -> Row:
    """Return the refused record and the reason."""
    data = event.data
    return fields(
        data,
        dead_letters,
        event_id=event.id,
        dead_lettered_at=log_time(event),
        record_topic=data.topic,
        record_partition=data.partition,
        record_offset=data.offset,
        record_key=data.key,
    )
