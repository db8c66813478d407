"""`failures_hourly`: failures by hour and category, counted as they change."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from projections.tables import failures_hourly

_NEW = insert(failures_hourly)
_ADD = _NEW.on_conflict_do_update(
    index_elements=list(failures_hourly.primary_key),
    set_={count: failures_hourly.c[count] + _NEW.excluded[count] for count in ("failed", "healed", "suppressed")},
)

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
    if rows:
        connection.execute(_ADD, rows)


def _by_hour(failures: Iterable[Failure]) -> Counter[Failure]:
    return Counter((at.replace(minute=0, second=0, microsecond=0), category) for at, category in failures)
