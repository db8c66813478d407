"""Between events and bytes, the only place that knows the wire format."""

from typing import Annotated, Any, cast, get_args

from pydantic import Discriminator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json

from events import dead_letters, failures, heals, tasks
from events.envelope import CloudEvent

Event = Annotated[
    tasks.TaskCreated
    | tasks.TaskStarted
    | tasks.TaskProgressed
    | tasks.TaskCompleted
    | tasks.TaskFailed
    | tasks.TaskTimedOut
    | tasks.TaskDecisionNeeded
    | tasks.TaskDeadlineExtended
    | tasks.TaskDuplicateDetected
    | tasks.TaskRequested
    | failures.FailureDiagnosed
    | heals.HealRequested
    | heals.HealSuppressed
    | heals.HealSucceeded
    | heals.HealFailed
    | heals.HealExpired
    | dead_letters.RecordDeadLettered,
    Discriminator("type"),
]
EVENT_TYPES: tuple[type[CloudEvent], ...] = get_args(get_args(Event)[0])
MAX_EVENT_BYTES = 1 << 20

_read = TypeAdapter[Any](Event).validator.validate_json


class RefusedEventError(ValueError):
    """Bytes that are no event of ours; the message is one line that names the field and what is wrong with it."""


def encode(event: CloudEvent) -> bytes:
    """Return the event as structured CloudEvents JSON; optional fields without a value are left out."""
    return to_json(event, exclude_none=True, inf_nan_mode="null")


def decode(raw: bytes | None) -> Event:
    """Read one event.

    Args:
        raw: A record's value.

    Raises:
        RefusedEventError: It is empty, larger than 1 MiB, no JSON, of an unknown type, or a field is wrong.
    """
    if not raw:
        raise RefusedEventError("the record is empty: publish a CloudEvent as structured JSON")
    if len(raw) > MAX_EVENT_BYTES:
        raise RefusedEventError(f"the event has {len(raw)} bytes, more than {MAX_EVENT_BYTES}: shorten its output")
    try:
        return cast("Event", _read(raw))
    except ValidationError as error:
        raise RefusedEventError(_in_one_line(error.errors(include_url=False, include_input=False))) from None


def _in_one_line(errors: list[ErrorDetails]) -> str:
    return "; ".join(_sentence(error) for error in errors[:3])


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "union_tag_invalid":
        return f"type: {error['ctx']['tag']!r} is no event type of ours"
    if error["type"] == "union_tag_not_found":
        return "type: Field required"
    return f"{_field(error['loc'])}{error['msg']}"


def _field(loc: tuple[int | str, ...]) -> str:
    """Name the field as the producer wrote it: the union's tag in front of it is ours."""
    path = ".".join(str(part) for part in loc if not str(part).startswith("autoheal."))
    return f"{path}: " if path else ""
