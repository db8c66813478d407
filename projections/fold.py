"""Events in, rows out: which view each event belongs to, and the one function that applies them.

The tables depend on which events came, never on their order, repetition or batches: a row is inserted once by its
id, what two rows have in common (a failure's decision, a heal's outcome) is set when the later one comes, and only
what changed is counted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table

from events import (
    CloudEvent,
    FailureDiagnosed,
    HealExpired,
    HealFailed,
    HealRequested,
    HealSucceeded,
    HealSuppressed,
    RecordDeadLettered,
    RecordRedriven,
)
from projections import dead_letters, failures, failures_hourly, heal_outcomes, heals, suppressions, tables
from projections.dialects import insert
from projections.row import Row

VIEWS: Final[dict[type[CloudEvent], tuple[Table, Callable[[Any], Row | None]]]] = {
    FailureDiagnosed: (tables.failures, failures.row),
    HealRequested: (tables.heals, heals.row),
    HealSuppressed: (tables.suppressions, suppressions.row),
    HealSucceeded: (tables.heal_outcomes, heal_outcomes.row),
    HealFailed: (tables.heal_outcomes, heal_outcomes.row),
    HealExpired: (tables.heal_outcomes, heal_outcomes.row),
    RecordDeadLettered: (tables.dead_letters, dead_letters.row),
    RecordRedriven: (tables.redrives, dead_letters.redrive_row),
}
MAX_BATCH: Final = 5_000  # a statement lists the ids of a batch, and SQLite takes at most 32 766

Rows = dict[Table, list[Row]]


def apply(connection: Connection, events: Iterable[CloudEvent]) -> None:
    """Fold events into the tables, in the connection's transaction; types without a view are left out.

    Raises:
        ValueError: An event has no time.
    """
    rows = _rows(events)
    while batch := list(islice(rows, MAX_BATCH)):
        by_table: Rows = defaultdict(list)
        for table, row in batch:
            by_table[table].append(row)
        _store(connection, by_table)


def _rows(events: Iterable[CloudEvent]) -> Iterator[tuple[Table, Row]]:
    for event in events:
        if (view := VIEWS.get(type(event))) is not None:
            table, row_of = view
            if (row := row_of(event)) is not None:
                yield table, row


def _store(connection: Connection, rows: Rows) -> None:
    failed = failures.insert_new(connection, rows.get(tables.failures, []))
    for table, new in rows.items():
        if table is not tables.failures:
            connection.execute(insert(connection, table).on_conflict_do_nothing(), new)
    healed, suppressed = failures.decide(
        connection, _ids("failure_id", rows, tables.failures, tables.heals, tables.suppressions)
    )
    heals.conclude(connection, _ids("heal_task_id", rows, tables.heals, tables.heal_outcomes))
    letters = _ids("event_id", rows, tables.dead_letters) | _ids("dead_letter_id", rows, tables.redrives)
    dead_letters.note_redrives(connection, letters)
    failures_hourly.add(connection, failed=failed, healed=healed, suppressed=suppressed)


def _ids(name: str, rows: Rows, *of: Table) -> set[str]:
    return {row[name] for table in of for row in rows.get(table, [])}
