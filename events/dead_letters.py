"""Records that could not be processed: never silently away."""

from typing import Literal

from events.envelope import CloudEvent, Count, Data, Offset


class RecordDeadLetteredData(Data):
    agent: str
    """Which agent refused the record."""
    topic: str
    partition: Count
    offset: Offset
    """Coordinate of the refused record: the log keeps it as the producer wrote it."""
    key: str | None = None
    reason: str
    """One line for a person: what is wrong, and with which field."""
    raw: str
    """The record's bytes as text, secrets masked; bytes that are no UTF-8 are escaped."""
    raw_truncated: bool = False
    traceback: str | None = None
    """Where our own code raised, when the fault is not the record's."""


# The storage contract, as in `events.tasks`.


class RecordDeadLettered(CloudEvent):
    """An agent could not process a record and went on without it."""

    type: Literal["autoheal.record.dead_lettered.v1"] = "autoheal.record.dead_lettered.v1"
    data: RecordDeadLetteredData
