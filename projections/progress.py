"""How far the tables are behind the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from projections.offsets import Position
from projections.tables import failures, projection_offsets, tasks

Decisions = list[tuple[str, str | None, str | None, int]]
"""Category, decision, suppression reason, and how many failures."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the tables are, at one moment."""

    projected_at: datetime | None
    """Log time of the newest event in them."""
    lag_records: int | None
    """Records of the log that they lack; None when the end of the log is not known."""


def progress(engine: Engine, ends: Mapping[Position, int] | None) -> Progress:
    """Return how far the tables are.

    Args:
        engine: The projections' database.
        ends: Where each partition of the log ends, None when unknown.
    """
    newest = select(func.max(tasks.c.last_event_at), select(func.max(failures.c.diagnosed_at)).scalar_subquery())
    with engine.connect() as connection:  # one transaction: a table without lag has its newest event
        moments = connection.execute(newest).one()
        stored = connection.execute(select(projection_offsets)).mappings().all()
    done = {(row["topic"], row["partition"]): row["next_offset"] for row in stored}
    lag = None if ends is None else sum(max(0, end - done.get(position, 0)) for position, end in ends.items())
    return Progress(max((at for at in moments if at), default=None), lag)


def decisions(engine: Engine) -> Decisions:
    """Count the failures by category, decision and suppression reason."""
    by = failures.c.error_category, failures.c.decision, failures.c.suppression_reason
    with engine.connect() as connection:
        found = connection.execute(select(*by, func.count()).group_by(*by))
        return [(category, decision, reason, count) for category, decision, reason, count in found]
