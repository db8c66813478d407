"""What becomes of a record that cannot be processed: it is kept, with the reason, and the stream goes on."""

import traceback

import structlog

from events.codec import MAX_EVENT_BYTES, RefusedEventError
from events.dead_letters import RecordDeadLettered
from events.envelope import derived_id
from events.secrets import mask
from streams.record import Record, log_time, place

MAX_RAW_CHARS = MAX_EVENT_BYTES // 4
_log = structlog.get_logger(__name__)


def dead_letter(agent: str, record: Record, error: Exception) -> RecordDeadLettered:
    """Return the dead letter of a record; its coordinates lead to the whole of it, which stays in the log.

    Args:
        agent: Name of the agent that could not process it.
        record: The record.
        error: A `RefusedEventError` when the record is at fault, anything else when our own code is.
    """
    raw = (record.value or b"").decode(errors="backslashreplace")
    refused = isinstance(error, RefusedEventError)
    reason = str(error) if refused else f"the agent failed on it: {type(error).__name__}: {error}"
    letter = RecordDeadLettered.model_validate(
        {
            "id": derived_id(place(record), agent, "dead-letter"),
            "source": "/autoheal",
            "time": log_time(record),
            "data": {
                "agent": agent,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "key": record.key.decode(errors="backslashreplace") if record.key else None,
                "reason": mask(reason),
                "raw": mask(raw[:MAX_RAW_CHARS]),
                "raw_truncated": len(raw) > MAX_RAW_CHARS,
                "traceback": None if refused else mask("".join(traceback.format_exception(error))),
            },
        }
    )
    _log.warning("record dead-lettered", agent=agent, at=place(record), reason=letter.data.reason)
    return letter
