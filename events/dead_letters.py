"""Records that could not be processed: never silently away."""

from typing import Literal

from events.envelope import CloudEvent, Count, Data, Identifier, Offset


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


class RecordRedrivenData(Data):
    dead_letter_id: Identifier
    """Id of the event that said why the record was refused."""
    topic: str
    partition: Count
    offset: Offset
    """Coordinate of the record that was refused; the same bytes were published anew."""


# The storage contract, as in `events.tasks`.


class RecordDeadLettered(CloudEvent):
    """An agent could not process a record and went on without it."""

    type: Literal["autoheal.record.dead_lettered.v1"] = "autoheal.record.dead_lettered.v1"
    data: RecordDeadLetteredData


class RecordRedriven(CloudEvent):
    """A refused record was sent back to its topic for another try."""

    type: Literal["autoheal.record.redriven.v1"] = "autoheal.record.redriven.v1"
    data: RecordRedrivenData
