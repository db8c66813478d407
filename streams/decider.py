"""The shape of every decider: a row, an event and a moment go in, a new row and new events come out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from events.envelope import CloudEvent, Data, derived_id
from streams.diagnosis import Classifier
from streams.policy import Policy

Row = TypeVar("Row")
E = TypeVar("E", bound=CloudEvent)


@dataclass(frozen=True, slots=True)
class Control:
    """The small state that every decider may read beside its row."""

    policy: Policy
    classifier: Classifier
    halted: bool = False


class Decision(NamedTuple, Generic[Row]):
    """The row as it is now, and what follows from the event; no events means nothing to do."""

    row: Row
    emits: Sequence[CloudEvent] = ()


@dataclass(frozen=True, slots=True)
class Agent(Generic[Row]):
    """An agent is data: which topics it reads, whose row an event concerns, and what to decide."""

    name: str
    reads: tuple[str, ...]
    """Short names of the topics, see `events.topics.NAMES`."""
    row: type[Row]
    """A frozen dataclass without slots: as JSON it costs a quarter of what one with slots does."""
    key: Callable[[CloudEvent], str | None]
    """The key of the row that an event concerns; none when the event is not for this agent."""
    decide: Callable[[Row, Any, datetime, Control], Decision[Row]]
    """A pure function of the row (a default one for a new key), the event, its log time and the control state."""


def derive(cause: str, name: str, event: type[E], at: datetime, data: Data) -> E:
    """Make an event that follows from another one.

    Args:
        cause: Id of the event it follows from.
        name: What is decided; together with the cause and the task it gives the same id whenever it is decided again.
        event: Its type.
        at: Log time of the cause.
        data: Its data.
    """
    said = vars(data)
    subject = said.get("source_task_id") or said["task_id"]
    attributes: dict[str, Any] = {"source": "/autoheal", "subject": subject, "time": at, "causationid": cause}
    return event(id=derived_id(cause, subject, name), data=data, **attributes)
