"""`dead_letters`: what could not be processed."""

from events import RecordDeadLettered
from projections.row import Row, log_time


def row(event: RecordDeadLettered) -> Row:
    """Return the refused record and the reason."""
    data = event.data
    return {
        "event_id": event.id,
        "dead_lettered_at": log_time(event),
        "agent": data.agent,
        "record_topic": data.topic,
        "record_partition": data.partition,
        "record_offset": data.offset,
        "record_key": data.key,
        "reason": data.reason,
        "raw": data.raw,
        "raw_truncated": data.raw_truncated,
        "traceback": data.traceback,
    }
