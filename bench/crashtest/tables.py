"""The projector's tables, counted once more from the log and compared row for row."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.crashtest.history import History, failures_of
from bench.crashtest.log import Entry
from bench.crashtest.rules import Check

Table = dict[Any, tuple[Any, ...]]
"""Rows by their key."""

QUERIES: Final = {
    "failures": "SELECT failure_id, task_id, error_category, error_summary, diagnosed_at, decision, suppression_reason"
    " FROM failures",
    "heals": "SELECT heal_task_id, failure_id, source_task_id, retry_count, requested_at, outcome FROM heals",
    "suppressions": "SELECT failure_id, source_task_id, reason, suppressed_at, retry_at FROM suppressions",
    "failures_hourly": "SELECT hour || ' ' || error_category, failed, healed, suppressed FROM failures_hourly",
    "dead_letters": "SELECT event_id, record_topic, record_partition, record_offset FROM dead_letters",
}


def check_tables(history: History, database: Path) -> list[Check]:
    """Compare every table with what the log says it should hold."""
    with closing(sqlite3.connect(database)) as connection:
        actual = {name: {row[0]: row[1:] for row in connection.execute(query)} for name, query in QUERIES.items()}
    return [
        Check(f"table {name} holds what the log says", len(expected), _differences(expected, actual[name]))
        for name, expected in expected_tables(history).items()
    ]


def behind(ends: dict[tuple[str, int], int], database: Path) -> list[str]:
    """Return which partitions the tables have not followed to their ends."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("SELECT topic, partition, next_offset FROM projection_offsets").fetchall()
    except sqlite3.OperationalError:  # not created yet
        rows = []
    next_offsets = {(topic, partition): offset for topic, partition, offset in rows}
    followed = ((place, end) for place, end in ends.items() if not place[0].endswith(".tasks"))
    return [
        f"{topic}/{partition} at {next_offsets.get((topic, partition), 0)} of {end}"
        for (topic, partition), end in followed
        if next_offsets.get((topic, partition), 0) < end
    ]


def expected_tables(history: History) -> dict[str, Table]:
    """Return each table as it should be."""
    decided = failures_of(history.decisions)
    decisions = {failure: history.decisions[ids[0]][0] for failure, ids in decided.items()}
    failures = _firsts(history.diagnoses.values())
    failures = {id_: entry for id_, entry in failures.items() if entry.data.get("task_type") != "heal"}
    outcomes = history.of("heal.succeeded", "heal.failed", "heal.expired").values()
    ended = {records[0].data["heal_task_id"]: records[0].kind.removeprefix("heal.") for records in outcomes}
    return {
        "failures": {id_: _failure(entry, decisions.get(id_)) for id_, entry in failures.items()},
        "heals": dict(_heal(records[0], ended) for records in history.of("heal.requested").values()),
        "suppressions": dict(_suppression(records[0]) for records in history.of("heal.suppressed").values()),
        "failures_hourly": _hourly(failures, decisions),
        "dead_letters": {id_: _letter(records[0]) for id_, records in history.dead_letters.items()},
    }


def _firsts(answers: Any) -> dict[str, Entry]:
    return {records[0].data["failure_id"]: records[0] for records in answers}


def _failure(diagnosis: Entry, decision: Entry | None) -> tuple[Any, ...]:
    data = diagnosis.data
    decided = (decision.kind.removeprefix("heal."), decision.data.get("reason")) if decision else (None, None)
    return data["task_id"], data["error_category"], data["error_summary"], _stored(diagnosis.time), *decided


def _heal(entry: Entry, ended: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
    data = entry.data
    outcome = ended.get(data["heal_task_id"])
    row = data["failure_id"], data["source_task_id"], data["retry_count"], _stored(entry.time), outcome
    return data["heal_task_id"], row


def _suppression(entry: Entry) -> tuple[str, tuple[Any, ...]]:
    data = entry.data
    retry_at = _stored(datetime.fromisoformat(data["retry_at"])) if data.get("retry_at") else None
    return data["failure_id"], (data["source_task_id"], data["reason"], _stored(entry.time), retry_at)


def _hourly(failures: dict[str, Entry], decisions: dict[str, Entry]) -> Table:
    counts: dict[str, Counter[str]] = {}
    for id_, entry in failures.items():
        hour = entry.time.replace(minute=0, second=0, microsecond=0)
        count = counts.setdefault(f"{_stored(hour)} {entry.data['error_category']}", Counter())
        count.update(["failed", decisions[id_].kind] if id_ in decisions else ["failed"])
    return {key: (count["failed"], count["heal.requested"], count["heal.suppressed"]) for key, count in counts.items()}


def _letter(entry: Entry) -> tuple[Any, ...]:
    return entry.data["topic"], entry.data["partition"], entry.data["offset"]


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _differences(expected: Table, actual: Table) -> tuple[str, ...]:
    keys = expected.keys() | actual.keys()
    differing = (key for key in keys if expected.get(key) != actual.get(key))
    return tuple(f"{key}: {actual.get(key)} and not {expected.get(key)}" for key in differing)
