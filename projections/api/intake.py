"""From a request's body to events: read up to a limit, and refused event by event."""

from collections.abc import Iterator
from typing import Any, Final

import orjson
from fastapi import HTTPException, Request
from pydantic import BaseModel, Field

from events import EVENT_TYPES, MAX_EVENT_BYTES, CloudEvent, RefusedEventError, decode, encode
from events.topics import PRODUCERS_TOPICS, topic_of

MAX_BODY_BYTES: Final = 8 << 20
MAX_FAULTS: Final = 100
"""Nobody mends more of them at once; a body has room for millions."""
MEDIA_TYPES: Final = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")


def _type_of(model: type[CloudEvent]) -> str:
    return str(model.model_fields["type"].default)


PUBLISHABLE: Final = tuple(model for model in EVENT_TYPES if topic_of(_type_of(model)) in PRODUCERS_TOPICS)
"""The events that producers publish; all others are our agents' own."""


class RefusedEvent(BaseModel):
    """What is wrong with one field of one event."""

    index: int = Field(description="Which event of the request; the first is 0")
    id: str | None = Field(description="The event's id, where it has one")
    field: str = Field(description="Which field; empty when it is the whole event", examples=["data.task_id"])
    reason: str = Field(examples=["Field required"])


class RefusedEventsError(Exception):
    """Some of the events are none; the message is one line."""

    def __init__(self, events: int, faults: list[RefusedEvent]) -> None:
        """Say how many."""
        refused = len({fault.index for fault in faults})
        least = "at least " if len(faults) >= MAX_FAULTS else ""
        super().__init__(f"{least}{refused} of {events} events are refused, none was published")
        self.faults: Final = faults


async def read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        HTTPException: 413 as soon as it is known to be larger than 8 MiB, 415 when it is no JSON by its own word.
    """
    if (said := request.headers.get("content-type", "").partition(";")[0].strip().lower()) not in MEDIA_TYPES:
        raise HTTPException(415, f"{said or 'no content type'}: send {', '.join(MEDIA_TYPES)}")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise _body_too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _body_too_large()
    return bytes(body)


def read_events(body: bytes) -> list[CloudEvent]:
    """Return the one event of a body, or those of its list.

    Raises:
        RefusedEventsError: Some of them are none that producers publish.
        HTTPException: 413 when one is larger than 1 MiB.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedEventsError(1, [_fault(0, None, "", f"no JSON: {error}")]) from None
    items = said if isinstance(said, list) else [said]
    events: list[CloudEvent] = []
    faults: list[RefusedEvent] = []
    for index, item in enumerate(items):
        try:
            events.append(_read(index, item))
        except RefusedEventError as error:
            faults += _faults(index, item, error)
            if len(faults) >= MAX_FAULTS:
                break
    if faults:
        raise RefusedEventsError(len(items), faults)
    return events


def _read(index: int, item: Any) -> CloudEvent:
    try:
        raw = orjson.dumps(item)
    except orjson.JSONEncodeError:
        raise RefusedEventError(("", "it is nested too deeply")) from None
    if len(raw) > MAX_EVENT_BYTES:
        raise _event_too_large(index, len(raw))
    event = decode(raw)
    if not isinstance(event, PUBLISHABLE):
        raise RefusedEventError(("type", f"{event.type!r} is published by Auto-Heal's own agents only"))
    if (size := len(encode(event))) > MAX_EVENT_BYTES:
        raise _event_too_large(index, size)
    return event


def _faults(index: int, item: Any, error: RefusedEventError) -> Iterator[RefusedEvent]:
    said = item.get("id") if isinstance(item, dict) else None
    for field, reason in error.faults:
        yield _fault(index, said if isinstance(said, str) else None, field, reason)


def _fault(index: int, id_: str | None, field: str, reason: str) -> RefusedEvent:
    return RefusedEvent(index=index, id=id_, field=field, reason=reason)


def _body_too_large() -> HTTPException:
    return HTTPException(413, f"the body has more than {MAX_BODY_BYTES} bytes: publish in several requests")


def _event_too_large(index: int, size: int) -> HTTPException:
    return HTTPException(413, f"event {index} has {size} bytes, more than {MAX_EVENT_BYTES}: shorten its output")
