"""`failures`: what failed, why, and what was decided about it."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, update

from events import FailureDiagnosed
from events.tasks import HEAL_TASK_TYPE
from projections.dialects import among
from projections.entry import Entry
from projections.row import Row, fields
from projections.tables import failures, heals, suppressions

NO_DIAGNOSTICS: Final = ("", "No diagnostics provided")

Counted = Sequence[Any]
"""Pairs of `diagnosed_at` and `error_category`: what the roll-ups count."""


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
