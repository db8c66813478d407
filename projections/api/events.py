"""Events that producers publish over HTTP."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from projections.api.answers import refusals
from projections.api.broker import BrokerLink
from projections.api.intake import MEDIA_TYPES, RefusedEvent, RefusedEventsError, read_body, read_events
from projections.api.metrics import Metrics
from projections.api.openapi import EVENT, EVENTS, EXAMPLE
from projections.api.tokens import Tokens


class Placed(BaseModel):
    """Where an event is in the log."""

    id: str = Field(examples=["8f1c"])
    topic: str = Field(examples=["autoheal.tasks"])
    partition: int = Field(examples=[3])
    offset: int = Field(examples=[10452])


class Accepted(BaseModel):
    """The events, in the order of the request."""

    events: list[Placed]


class Refused(BaseModel):
    """Why nothing was published."""

    detail: str
    errors: list[RefusedEvent] = Field(default=[], description="Each field that is wrong, up to the hundredth")


BATCH: Final = MEDIA_TYPES[-1]
BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "One event, or a list of them, at most 8 MiB; each at most 1 MiB",
    "content": {
        "application/json": {
            "schema": {"oneOf": [EVENT, EVENTS]},
            "examples": {"one": {"value": EXAMPLE}, "several": {"value": [EXAMPLE]}},
        },
        "application/cloudevents+json": {"schema": EVENT, "example": EXAMPLE},
        "application/cloudevents-batch+json": {"schema": EVENTS, "example": [EXAMPLE]},
    },
}
REFUSALS: Final = refusals(
    unauthorized="The token is missing or wrong",
    forbidden="Another site's page made a browser send this",
    too_large="The body has more than 8 MiB, or an event more than 1 MiB",
    unsupported="The content type is no JSON",
)
REFUSALS[422] = {"model": Refused, "description": "Some events are wrong; none was published"}


def routes(link: BrokerLink, tokens: Tokens, metrics: Metrics) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(tags=["events"])

    @router.post(
        "/api/events",
        status_code=202,
        summary="Publish one event or several",
        dependencies=[Depends(tokens.check)],
        responses=REFUSALS,
        openapi_extra={"requestBody": BODY},
    )
    async def publish(request: Request) -> Any:
        """All of them or none: answered when the broker has acknowledged them.

        On a 503 some may have been published all the same: send them again with the same ids, which counts once.
        """
        body = await read_body(request)
        try:
            events = await run_in_threadpool(read_events, body)
        except RefusedEventsError as error:
            return JSONResponse(Refused(detail=str(error), errors=error.faults).model_dump(), 422)
        placed = await link.publish(events)
        metrics.published.observe(len(events))
        return Accepted(
            events=[
                Placed(id=event.id, topic=place.topic, partition=place.partition, offset=place.offset)
                for event, place in zip(events, placed, strict=True)
            ]
        )

    return router
