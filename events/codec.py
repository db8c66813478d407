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
    | dead_letters.RecordDeadLettered
    | dead_letters.RecordRedriven,
    Discriminator("type"),
]
EVENT_TYPES: tuple[type[CloudEvent], ...] = get_args(get_args(Event)[0])
MAX_EVENT_BYTES = 1 << 20

_read = TypeAdapter[Any](Event).validator.validate_json


Fault = tuple[str, str]
"""A field, empty when it is the whole event, and what is wrong with it."""


class RefusedEventError(ValueError):
    """Bytes that are no event of ours; the message is one line that names the field and what is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        """Say what is wrong; `faults` has it field by field."""
        super().__init__("; ".join(f"{field}: {reason}" if field else reason for field, reason in faults))
        self.faults = faults


def encode(event: CloudEvent, **attributes: str | int) -> bytes:
    """Return the event as structured CloudEvents JSON; optional fields without a value are left out.

    Args:
        event: The event.
        attributes: What its envelope is to say instead of what it says: cheaper than a copy that is written once.
    """
    if not attributes:
        return to_json(event, exclude_none=True, inf_nan_mode="null")
    envelope = {name: value for name, value in (vars(event) | attributes).items() if value is not None}
    return to_json(envelope, exclude_none=True, inf_nan_mode="null")


def decode(raw: bytes | None) -> Event:
    """Read one event.

    Args:
        raw: A record's value.

    Raises:
        RefusedEventError: It is empty, larger than 1 MiB, no JSON, of an unknown type, or a field is wrong.
    """
    if not raw:
        raise RefusedEventError(("", "the record is empty: publish a CloudEvent as structured JSON"))
    if len(raw) > MAX_EVENT_BYTES:
        raise too_large(f"the event has {len(raw)} bytes", "shorten its output")
    try:
        return cast("Event", _read(raw))
    except ValidationError as error:
        raise RefusedEventError(*map(_fault, error.errors(include_url=False, include_input=False)[:3])) from None


def too_large(what: str, remedy: str) -> RefusedEventError:
    """Return the refusal of an event of more than 1 MiB."""
    return RefusedEventError(("", f"{what}, more than {MAX_EVENT_BYTES}: {remedy}"))


def _fault(error: ErrorDetails) -> Fault:
    if error["type"] == "union_tag_invalid":
        return "type", f"{error['ctx']['tag']!r} is no event type of ours"
    if error["type"] == "union_tag_not_found":
        return "type", "Field required"
    return _field(error["loc"]), error["msg"]


def _field(loc: tuple[int | str, ...]) -> str:
    """Name the field as the producer wrote it: the union's tag in front of it is ours."""
    return ".".join(str(part) for part in loc if not str(part).startswith("autoheal."))
