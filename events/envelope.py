"""The CloudEvents 1.0 envelope that every event of ours wears (structured JSON, one event per Kafka record)."""

from datetime import UTC, datetime
from hashlib import sha1
from typing import Annotated, Any, Literal, Self
from uuid import NAMESPACE_URL, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, lt=1 << 31)]
"""Every number is bounded: what arrives must fit into rows, JSON and SQL on its way."""
Milliseconds = Annotated[int, Field(ge=0, lt=1 << 53)]
Offset = Annotated[int, Field(ge=0, lt=1 << 63)]
_NAMESPACE = NAMESPACE_URL.bytes


class Data(BaseModel):
    """What an event says; fields we do not know are ignored, so that producers may add their own."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class CloudEvent(BaseModel):
    """One event: the attributes of CloudEvents 1.0, three extensions of ours, and the data."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Identifier
    source: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    type: str
    subject: str | None = None
    time: AwareDatetime | None = None
    datacontenttype: str | None = None
    causationid: str | None = None
    """Id of the event that caused this one."""
    origin: str | None = None
    """Coordinate of the input record that caused this event, and an index: `topic/partition@offset#index`."""
    settled: Offset | None = None
    """Nothing that originates below this offset of the same source is published for the first time any more."""

    @classmethod
    def new(cls, source: str, /, *, id: str | None = None, time: datetime | None = None, **data: Any) -> Self:  # noqa: A002
        """Make an event that just happened.

        Args:
            source: Who says so, as a URI reference such as `/runners/runner-1`.
            id: Unique id; a random one when left out.
            time: When it happened by the producer's clock; now when left out.
            data: The fields of the event's data.

        Raises:
            pydantic.ValidationError: A field is missing or out of bounds.
        """
        return cls.model_validate(
            {"id": id or str(uuid4()), "source": source, "time": time or datetime.now(UTC)}
            | {"subject": data.get("task_id"), "data": data}
        )


def derived_id(*parts: str) -> str:
    """Return the id of what follows from a cause, a UUID of version 5: the same parts always give the same id.

    It is `uuid5(NAMESPACE_URL, "/".join(parts))` in a third of its time: every failure needs two or three of them.
    """
    digest = bytearray(sha1(_NAMESPACE + "/".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
