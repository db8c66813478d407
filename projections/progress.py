"""How far the tables are behind the log."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, func, select

from projections.tables import failures, projection_offsets, tasks

Position = tuple[str, int]
"""A topic and a partition."""
Decisions = list[tuple[str, str | None, str | None, int]]
"""Category, decision, suppression reason, and how many failures."""


def lag_records(engine: Engine, ends: Mapping[Position, int]) -> int:
    """Return how many records of the log are not in the tables yet.

    Args:
        engine: The projections' database.
        ends: Where each partition of the log ends.
    """
    with engine.connect() as connection:
        stored = connection.execute(select(projection_offsets)).mappings().all()
    done = {(row["topic"], row["partition"]): row["next_offset"] for row in stored}
    return sum(max(0, end - done.get(position, 0)) for position, end in ends.items())


def projected_at(engine: Engine) -> datetime | None:
    """Return the log time of the newest event about a task in the tables; None when there is none."""
    with engine.connect() as connection:
        newest = select(func.max(tasks.c.last_event_at), select(func.max(failures.c.diagnosed_at)).scalar_subquery())
        return max((at for at in connection.execute(newest).one() if at), default=None)


def decisions(engine: Engine) -> Decisions:
    """Count the failures by category, decision and suppression reason."""
    by = failures.c.error_category, failures.c.decision, failures.c.suppression_reason
    with engine.connect() as connection:
        found = connection.execute(select(*by, func.count()).group_by(*by))
        return [(category, decision, reason, count) for category, decision, reason, count in found]
