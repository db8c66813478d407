"""Records that were refused, and sending one back for another try."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import Engine

from events import RecordRedriven
from projections.api.answers import page_model, refusals, row_model
from projections.api.broker import BrokerLink
from projections.api.tokens import Tokens
from projections.dead_letters import dead_letters_page, find_dead_letter
from projections.pages import PageQuery, Stored, as_stored
from projections.row import Row
from projections.tables import dead_letters

DeadLetters: Final = page_model("DeadLetters", row_model("DeadLetter", dead_letters))
EventId = Annotated[Stored, Path(description="Id of the dead letter", min_length=1)]


class Redriven(BaseModel):
    """Where the record is now."""

    topic: str
    partition: int
    offset: int


def routes(engine: Engine, link: BrokerLink, tokens: Tokens) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["dead letters"])

    @router.get("/api/dead-letters", summary="Refused records, newest first", response_model=DeadLetters)
    def list_dead_letters(asked: Annotated[PageQuery, Query()]) -> Any:
        """Each with the reason, and when it was last sent back."""
        return dead_letters_page(engine, asked)

    @router.post(
        "/api/dead-letters/{event_id}/redrive",
        status_code=202,
        summary="Send a refused record back for another try",
        dependencies=[Depends(tokens.check)],
        responses=refusals(
            unauthorized="The token is missing or wrong",
            forbidden="Another site's page made a browser send this",
            not_found="There is no such dead letter",
            gone="The log does not hold the record any more",
        ),
    )
    async def redrive(event_id: EventId) -> Redriven:
        """Publishes the very record, bytes and key, on its topic again: worth it when what refused it was mended."""
        letter = await run_in_threadpool(find_dead_letter, engine, event_id)
        if letter is None:
            raise HTTPException(404, f"Dead letter {event_id} is not known")
        record = await _refused_record(link, letter)
        place = await link.publish_again(record.topic, record.key, record.value)
        of_record = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        await link.publish([RecordRedriven.new("/autoheal", dead_letter_id=event_id, **of_record)])
        return Redriven(topic=place.topic, partition=place.partition, offset=place.offset)

    return router


async def _refused_record(link: BrokerLink, letter: Row) -> Any:
    """Return the record of a dead letter; another log may hold another record at its coordinate."""
    topic, partition, offset = letter["record_topic"], letter["record_partition"], letter["record_offset"]
    record = await link.record(topic, partition, offset) if topic in link.topics.all() else None
    if record is None or _key(record) != letter["record_key"]:
        raise HTTPException(410, f"the log does not hold the record {topic}/{partition}@{offset} any more")
    return record


def _key(record: Any) -> str | None:
    """Return the key as a dead letter has it."""
    return as_stored(record.key.decode(errors="backslashreplace")) if record.key else None
