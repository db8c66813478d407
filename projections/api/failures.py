"""What failed, why, and what was decided about it."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Engine

from events import Evidence
from projections.api.answers import page_model, row_model
from projections.failures import FailureQuery, failures_page
from projections.tables import failures

Failures: Final = page_model(
    "Failures",
    row_model(
        "Failure",
        failures,
        evidence=(list[Evidence], Field(description="The rules that spoke, secrets masked")),
        heal_task_id=(str | None, Field(description="The heal that was requested for it")),
        retry_at=(datetime | None, Field(description="When the cooldown is over that suppressed its heal")),
    ),
)


def routes(engine: Engine) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["failures"])

    @router.get("/api/failures", summary="Failures, newest first", response_model=Failures)
    def list_failures(asked: Annotated[FailureQuery, Query()]) -> Any:
        """Each with its diagnosis, the evidence for it, and the decision as soon as that is known."""
        return failures_page(engine, asked)

    return router
