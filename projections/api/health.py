"""Is it alive, is it ready, how does it do?"""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Engine

from projections.api.broker import BrokerLink
from projections.api.guards import RETRY_AFTER
from projections.api.metrics import MEDIA_TYPE, Metrics
from projections.api.tokens import Tokens
from projections.database import DatabaseUnreachableError
from projections.progress import Progress, decisions, progress

MAX_LAG_RECORDS: Final = 100_000


class Alive(BaseModel):
    """The process runs."""

    alive: bool


class Readiness(BaseModel):
    """Whether answers are to be had, and new ones at that."""

    ready: bool
    database: bool
    broker: bool
    lag_records: int | None = Field(description="Records that the tables lack; null when nobody can tell")
    reason: str | None = Field(description="What is not as it should be")


class Status(BaseModel):
    """What the page polls."""

    broker: bool
    database: bool
    lag_records: int | None = Field(description="Records that the tables lack; null when nobody can tell")
    projected_at: datetime | None = Field(description="Log time of the newest event in the tables")
    mutations_need_token: bool


def routes(engine: Engine, link: BrokerLink, tokens: Tokens, metrics: Metrics) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process is alive")
    def healthz() -> Alive:
        """Asks nobody else."""
        return Alive(alive=True)

    @router.get(
        "/readyz",
        summary="Database and broker answer, and the tables are not far behind",
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "It is not; `reason` says why"}},
    )
    async def readyz() -> Response:
        """Not ready are tables that lack more than 100 000 records."""
        known, broker = await _progress(engine, link), await link.is_there()
        lag, database = known.lag_records if known else None, known is not None
        reason = _reason(database=database, broker=broker, lag=lag)
        said = Readiness(ready=reason is None, database=database, broker=broker, lag_records=lag, reason=reason)
        return JSONResponse(said.model_dump(), 503 if reason else 200, RETRY_AFTER if reason else None)

    @router.get("/api/status", summary="What a dashboard shows of the system itself")
    async def status() -> Status:
        """It answers also when neither the broker nor the database does."""
        known = await _progress(engine, link)
        return Status(
            broker=await link.is_there(),
            database=known is not None,
            lag_records=known.lag_records if known else None,
            projected_at=known.projected_at if known else None,
            mutations_need_token=tokens.needed,
        )

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def scrape() -> Response:
        """Lag, failures by category, decision and reason, events per request, latencies."""
        known = await _progress(engine, link)
        text = metrics.exposition(known.lag_records if known else None, await run_in_threadpool(decisions, engine))
        return Response(text, media_type=MEDIA_TYPE)

    return router


async def _progress(engine: Engine, link: BrokerLink) -> Progress | None:
    """Return how far the tables are, None when the database does not answer."""
    try:
        return await run_in_threadpool(progress, engine, await link.ends())
    except DatabaseUnreachableError:
        return None


def _reason(*, database: bool, broker: bool, lag: int | None) -> str | None:
    if not database:
        return "the database does not answer"
    if not broker:
        return "the broker does not answer"
    if lag is None:
        return "the end of the log is not known: are its topics there? `autoheal topics create`"
    if lag > MAX_LAG_RECORDS:
        return f"the tables lack {lag} records of the log: does a projector run?"
    return None
