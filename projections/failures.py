"""`failures`: what failed, why, and what was decided about it."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, update

from events import Evidence, FailureDiagnosed
from events.tasks import HEAL_TASK_TYPE
from projections.dialects import insert
from projections.row import Row, fields, log_time
from projections.tables import failures, heals, suppressions, without_nul

NO_DIAGNOSTICS: Final = ("", "No diagnostics provided")

Counted = Sequence[Any]
"""Rows of `diagnosed_at` and `error_category`: what the roll-ups count."""


def row(event: FailureDiagnosed) -> Row | None:
    """Return the failure, still undecided; None for a heal's: that is an outcome, no new failure (S1)."""
    data = event.data
    if data.task_type == HEAL_TASK_TYPE:
        return None
    return fields(
        data,
        failures,
        diagnosed_at=log_time(event),
        has_diagnostics=data.error_summary.strip() not in NO_DIAGNOSTICS,
        evidence=[_storable(rule) for rule in data.evidence],
    )


def _storable(rule: Evidence) -> Row:
    return vars(rule) | {"rule": without_nul(rule.rule), "text": without_nul(rule.text)}


_COUNTED = (failures.c.diagnosed_at, failures.c.error_category)


def insert_new(connection: Connection, rows: list[Row]) -> Counted:
    """Insert the failures that are not there yet, and return these."""
    new = insert(connection, failures).on_conflict_do_nothing().returning(*_COUNTED)
    return connection.execute(new, rows).all() if rows else []


def _decide_if(*holds: Any, **decision: Any) -> Update:
    undecided = failures.c.failure_id.in_(bindparam("ids", expanding=True)), failures.c.decision.is_(None)
    return update(failures).where(*undecided, *holds).values(decision).returning(*_COUNTED)


_REQUEST = _decide_if(heals.c.failure_id == failures.c.failure_id, decision="requested")
_SUPPRESS = _decide_if(
    suppressions.c.failure_id == failures.c.failure_id,
    decision="suppressed",
    suppression_reason=suppressions.c.reason,
)


def decide(connection: Connection, ids: Collection[str]) -> tuple[Counted, Counted]:
    """Note what was decided about failures that have no decision yet.

    Args:
        connection: In a transaction.
        ids: Failures of which a diagnosis or a decision has just come.

    Returns:
        The failures that got a heal just now, and those whose heal was suppressed.
    """
    these = {"ids": list(ids)}
    return connection.execute(_REQUEST, these).all(), connection.execute(_SUPPRESS, these).all()
