"""Events in, rows out: which view each event belongs to, and the one function that applies them.

The tables depend on which events came, never on their order, repetition or batches: a row is inserted once by its
id, what two rows have in common (a failure's decision, a heal's outcome) is set when the later one comes, and only
what changed is counted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
from projections import (
    bulk,
    dead_letters,
    failures,
    failures_hourly,
    heal_outcomes,
    heals,
    suppressions,
    tables,
    task_events,
    tasks,
)
from projections.entry import Entry
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


def apply(connection: Connection, entries: Iterable[Entry[Any]]) -> None:
    """Fold entries of the log into the tables, in the connection's transaction."""
    rest = iter(entries)
    while batch := list(islice(rest, MAX_BATCH)):
        _follow_tasks(connection, batch)
        _follow_failures(connection, batch)


def _follow_tasks(connection: Connection, entries: Sequence[Entry[Any]]) -> None:
    """Add to the timelines what is new, and take only that as facts about the tasks."""
    first = {entry.event.id: entry for entry in reversed(entries)}
    lines = [line for entry in entries if first[entry.event.id] is entry and (line := task_events.row(entry))]
    new = bulk.insert_new(connection, tables.task_events, lines)
    facts = [entry for line in new if type((entry := first[line["event_id"]]).event) in tasks.STATUSES]
    known = tasks.read(connection, {entry.event.data.task_id for entry in facts})
    bulk.replace(connection, tables.tasks, list(tasks.fold(known, facts).values()))


def _follow_failures(connection: Connection, entries: Iterable[Entry[Any]]) -> None:
    """Add failures, decisions, outcomes and dead letters, and set what each pair of them has in common."""
    new: Rows = {table: bulk.insert_new(connection, table, rows) for table, rows in _rows(entries).items()}
    healed, suppressed = failures.decide(
        connection, _ids("failure_id", new, tables.failures, tables.heals, tables.suppressions)
    )
    heals.conclude(connection, _ids("heal_task_id", new, tables.heals, tables.heal_outcomes))
    if letters := _ids("event_id", new, tables.dead_letters) | _ids("dead_letter_id", new, tables.redrives):
        dead_letters.note_redrives(connection, letters)
    failed = [(row["diagnosed_at"], row["error_category"]) for row in new.get(tables.failures, [])]
    failures_hourly.add(connection, failed=failed, healed=healed, suppressed=suppressed)


def _rows(entries: Iterable[Entry[Any]]) -> Rows:
    rows: Rows = defaultdict(list)
    for entry in entries:
        if (view := VIEWS.get(type(entry.event))) is not None:
            table, row_of = view
            if (row := row_of(entry)) is not None:
                rows[table].append(row)
    return rows


def _ids(name: str, rows: Rows, *of: Table) -> set[str]:
    return {row[name] for table in of for row in rows.get(table, [])}
