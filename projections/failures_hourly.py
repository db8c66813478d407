"""`failures_hourly`: failures by hour and category, counted as they change."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from projections.dialects import insert
from projections.row import Row
from projections.tables import failures_hourly

Failure = tuple[datetime, str]
"""When it was diagnosed, and its category."""


def add(
    connection: Connection, *, failed: Iterable[Failure], healed: Iterable[Failure], suppressed: Iterable[Failure]
) -> None:
    """Add failures to the hour in which each happened: newly diagnosed, newly healed, newly suppressed."""
    counts = {"failed": _by_hour(failed), "healed": _by_hour(healed), "suppressed": _by_hour(suppressed)}
    rows = [
        {"hour": hour, "error_category": category} | {name: count[hour, category] for name, count in counts.items()}
        for hour, category in set().union(*counts.values())
    ]
    new = insert(connection, failures_hourly)
    added = {name: failures_hourly.c[name] + new.excluded[name] for name in counts}
    if rows:
        connection.execute(new.on_conflict_do_update(index_elements=[*failures_hourly.primary_key], set_=added), rows)


def _by_hour(failures: Iterable[Failure]) -> Counter[Failure]:
    return Counter((at.replace(minute=0, second=0, microsecond=0), category) for at, category in failures)


def hours(engine: Engine, since: datetime) -> list[Row]:
    """Return the counts of each hour and category that has any, from the hour of `since` on, oldest first."""
    first = since.replace(minute=0, second=0, microsecond=0)
    columns = failures_hourly.c
    query = select(failures_hourly).where(columns.hour >= first).order_by(columns.hour, columns.error_category)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
