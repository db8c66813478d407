"""The heals that were requested, and the cooldowns that they began."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import create_model
from sqlalchemy import Engine

from projections.api.answers import page_model, row_model
from projections.heals import HealQuery, heals_page, running_cooldowns
from projections.tables import heals

Heals: Final = page_model("Heals", row_model("Heal", heals))
Cooldown: Final = create_model(
    "Cooldown",
    cooldown_scope=str,
    error_category=str,
    cooldown_until=datetime,
    requested_at=datetime,
    heal_task_id=str,
)
Cooldowns: Final = create_model("Cooldowns", items=list[Cooldown], now=datetime)


def routes(engine: Engine) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["heals"])

    @router.get("/api/heals", summary="Requested heals, newest first", response_model=Heals)
    def list_heals(asked: Annotated[HealQuery, Query()]) -> Any:
        """Each with its outcome, as soon as that is known."""
        return heals_page(engine, asked)

    @router.get("/api/cooldowns", summary="Cooldowns that still run, soonest over first", response_model=Cooldowns)
    def list_cooldowns() -> Any:
        """Until `cooldown_until` the next heal of the scope is suppressed; `now` is the server's clock."""
        now = datetime.now(UTC)
        return {"items": running_cooldowns(engine, now), "now": now}

    return router
