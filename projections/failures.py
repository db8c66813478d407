"""`failures`: what failed, why, and what was decided about it."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy import Connection, Engine, select, update

from events import Category, FailureDiagnosed
from events.heals import SuppressionReason
from events.tasks import HEAL_TASK_TYPE
from projections.dialects import among
from projections.entry import Entry
from projections.pages import Page, PageQuery, Stored, between, equal, read_page
from projections.row import Row, fields
from projections.since import Since
from projections.tables import failures, heals, suppressions

NO_DIAGNOSTICS: Final = ("", "No diagnostics provided")

Counted = Sequence[Any]
"""Pairs of `diagnosed_at` and `error_category`: what the roll-ups count."""


class FailureQuery(PageQuery):
    """Which failures are asked for; filters that are left out keep none away."""

    category: Annotated[Category | None, Field(description="Its category")] = None
    decision: Annotated[
        Literal["requested", "suppressed", "pending"] | None, Field(description="`pending`: it has none yet")
    ] = None
    suppression_reason: Annotated[SuppressionReason | None, Field(description="The guard against its heal")] = None
    idea_id: Annotated[Stored | None, Field(description="Of this idea", examples=["idea_7"])] = None
    task_id: Annotated[Stored | None, Field(description="Of this task", examples=["task_42"])] = None
    provider: Annotated[Stored | None, Field(description="Of this provider", examples=["openai"])] = None
    since: Annotated[
        Since | None, Field(description="Failed from then on: a duration ago, or a time", examples=["24h"])
    ] = None
    until: Annotated[Since | None, Field(description="Failed before then")] = None


def row(entry: Entry[FailureDiagnosed]) -> Row | None:
    """Return the failure, still undecided; None for a heal's: that is an outcome, no new failure (S1)."""
    data = entry.event.data
    if data.task_type == HEAL_TASK_TYPE:
        return None
    return fields(
        data,
        failures,
        diagnosed_at=entry.logged_at,
        has_diagnostics=data.error_summary.strip() not in NO_DIAGNOSTICS,
    )


_COUNTED = (failures.c.diagnosed_at, failures.c.error_category)


def decide(connection: Connection, ids: Collection[str]) -> tuple[Counted, Counted]:
    """Note what was decided about failures that have no decision yet.

    Args:
        connection: In a transaction.
        ids: Failures of which a diagnosis or a decision has just come.

    Returns:
        The failures that got a heal just now, and those whose heal was suppressed.
    """
    undecided = update(failures).where(among(connection, failures.c.failure_id), failures.c.decision.is_(None))
    request = undecided.where(heals.c.failure_id == failures.c.failure_id).values(decision="requested")
    suppress = undecided.where(suppressions.c.failure_id == failures.c.failure_id).values(
        decision="suppressed", suppression_reason=suppressions.c.reason
    )
    these = {"among": list(ids)}
    healed, suppressed = (connection.execute(each.returning(*_COUNTED), these).all() for each in (request, suppress))
    return healed, suppressed


_WITH_DECISION = (
    select(failures, heals.c.heal_task_id, suppressions.c.retry_at)
    .outerjoin(heals, heals.c.failure_id == failures.c.failure_id)
    .outerjoin(suppressions, suppressions.c.failure_id == failures.c.failure_id)
)


def failures_page(engine: Engine, asked: FailureQuery) -> Page:
    """Return failures with what was decided about them, newest first.

    Raises:
        BadCursorError: The cursor is none of ours.
    """
    names = ("suppression_reason", "idea_id", "task_id", "provider")
    holds: list[Any] = equal(failures, asked, category="error_category", **{name: name for name in names})
    if asked.decision:
        decision = None if asked.decision == "pending" else asked.decision
        holds.append(failures.c.decision.is_not_distinct_from(decision))
    holds += between(failures.c.diagnosed_at, asked.since, asked.until)
    return read_page(engine, _WITH_DECISION.where(*holds), (failures.c.diagnosed_at, failures.c.failure_id), asked)
