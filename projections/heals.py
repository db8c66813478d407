"""`heals`: what was asked for, and what came of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Engine, select, update

from events import Category, HealRequested
from projections.dialects import among
from projections.entry import Entry
from projections.pages import Page, PageQuery, Stored, between, equal, read_page
from projections.row import Row, fields
from projections.since import Since
from projections.tables import heal_outcomes, heals

MAX_COOLDOWNS = 1000


class HealQuery(PageQuery):
    """Which heals are asked for; filters that are left out keep none away."""

    category: Annotated[Category | None, Field(description="Category of the failure")] = None
    strategy: Annotated[
        Stored | None, Field(description="Name of the policy's strategy", examples=["provider_error"])
    ] = None
    outcome: Annotated[
        Literal["open", "succeeded", "failed", "expired"] | None, Field(description="`open`: it has none yet")
    ] = None
    idea_id: Annotated[Stored | None, Field(description="Of this idea", examples=["idea_7"])] = None
    source_task_id: Annotated[Stored | None, Field(description="Of this task, which failed", examples=["task_42"])] = (
        None
    )
    since: Annotated[
        Since | None, Field(description="Requested from then on: a duration ago, or a time", examples=["24h"])
    ] = None
    until: Annotated[Since | None, Field(description="Requested before then")] = None


def row(entry: Entry[HealRequested]) -> Row:
    """Return the heal, still without an outcome."""
    return fields(entry.event.data, heals, requested_at=entry.logged_at)


def conclude(connection: Connection, ids: Collection[str]) -> None:
    """Note the outcomes of heals that have none yet; `ids` are those of which a request or outcome has just come."""
    known = {name: heal_outcomes.c[name] for name in ("outcome", "outcome_at", "elapsed_seconds")}
    open_ones = update(heals).where(among(connection, heals.c.heal_task_id), heals.c.outcome.is_(None))
    connection.execute(
        open_ones.where(heal_outcomes.c.heal_task_id == heals.c.heal_task_id).values(known), {"among": list(ids)}
    )


def heals_page(engine: Engine, asked: HealQuery) -> Page:
    """Return requested heals, newest first.

    Raises:
        BadCursorError: The cursor is none of ours.
    """
    holds: list[Any] = equal(
        heals,
        asked,
        category="error_category",
        strategy="strategy_name",
        idea_id="idea_id",
        source_task_id="source_task_id",
    )
    if asked.outcome:
        holds.append(heals.c.outcome.is_(None) if asked.outcome == "open" else heals.c.outcome == asked.outcome)
    holds += between(heals.c.requested_at, asked.since, asked.until)
    return read_page(engine, select(heals).where(*holds), (heals.c.requested_at, heals.c.heal_task_id), asked)


def running_cooldowns(engine: Engine, now: datetime) -> list[Row]:
    """Return the cooldown scopes in which the next heal is suppressed, at most 1000, soonest over first."""
    columns = (heals.c[name] for name in ("cooldown_scope", "error_category", "cooldown_until", "requested_at"))
    running = select(*columns, heals.c.heal_task_id).where(heals.c.cooldown_until > now)
    with engine.connect() as connection:
        rows = connection.execute(running.order_by(heals.c.cooldown_until).limit(MAX_COOLDOWNS)).mappings()
        by_scope = {row["cooldown_scope"]: dict(row) for row in rows}  # the one that ends last holds
    return sorted(by_scope.values(), key=lambda row: row["cooldown_until"])
