"""What failed, what was done about it, and how many failures are explained (S1, S2)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlalchemy import Engine

from projections.api.answers import list_model, row_model
from projections.failures_hourly import hours
from projections.since import Since
from projections.stats import AutoHealStats, DiagnosticsCompleteness, auto_heal_stats, diagnostics_completeness
from projections.tables import failures_hourly

DAY: Final = timedelta(days=1)
Hours: Final = list_model("Hours", row_model("Hour", failures_hourly))
Window = Annotated[
    Since | None, Query(description="Only failures from then on: `30m`, `24h`, `7d` ago, or a time", examples=["24h"])
]


def routes(engine: Engine) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["statistics"])

    @router.get("/api/agent/auto-heal/stats", summary="Failures, heals and what came of them")
    def stats(since: Window = None) -> AutoHealStats:
        """`failed = healed + suppressed` holds per category once each failure has its decision."""
        return auto_heal_stats(engine, since=since)

    @router.get("/api/agent/diagnostics-completeness", summary="How many failures are explained")
    def completeness(since: Window = None) -> DiagnosticsCompleteness:
        """A failure whose summary is empty or `No diagnostics provided` counts as missing."""
        return diagnostics_completeness(engine, since=since)

    @router.get("/api/failures/hourly", summary="Failures by hour and category", response_model=Hours)
    def hourly(since: Window = None) -> Any:
        """Only hours that have any, oldest first; the last 24 when `since` is left out."""
        return {"items": hours(engine, since or datetime.now(UTC) - DAY)}

    return router
