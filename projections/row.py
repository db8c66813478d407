"""What a fold makes of an event."""

from datetime import datetime
from typing import Any

from events import CloudEvent

Row = dict[str, Any]


def log_time(event: CloudEvent) -> datetime:
    """Return when the event happened.

    Raises:
        ValueError: It has no time; those that our agents publish have the log time of their cause.
    """
    if event.time is None:
        raise ValueError(f"event {event.id} ({event.type}) has no time: give it that of its record")
    return event.time
