"""The checker of the crash test: it passes a sound log, and names each rule that a log breaks."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.crashtest.history import History, Policy
from bench.crashtest.log import Entry, event_in
from bench.crashtest.rules import RULES, check_log
from bench.crashtest.tables import behind, check_tables
from events import CloudEvent, Topics, encode
from projections.database import open_database
from tests.examples import failed
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, requested, suppressed

POLICY = Policy(cooldown_s={"provider_error": 10}, max_retries={"provider_error": 2})
REFUSED = Entry("autoheal.tasks", 3, 10, 0, None, None)

Change = Callable[[list[Entry]], Iterable[Entry]]


def failure(number: int, at: float, task: str = "t1", **data: Any) -> CloudEvent:
    return failed(at, id=f"f{number}", task_id=task, **data)


def diagnosis(number: int, at: float, task: str = "t1", **data: Any) -> CloudEvent:
    return diagnosed(f"f{number}", at, task_id=task, **data).model_copy(update={"id": f"g{number}"})


def heal(number: int, at: float, attempt: int) -> CloudEvent:
    said = {"heal_task_id": f"h{number}", "source_task_id": "t1", "retry_count": attempt}
    return requested(f"f{number}", at, **said).model_copy(update={"id": f"d{number}"})


def no_heal(number: int, at: float, task: str = "t1", **data: Any) -> CloudEvent:
    return suppressed(f"f{number}", at, source_task_id=task, **data).model_copy(update={"id": f"d{number}"})


SOUND = (
    *(failure(1, 0), diagnosis(1, 0), heal(1, 0, attempt=1)),
    *(failure(2, 4, "t2"), diagnosis(2, 4, "t2"), no_heal(2, 4, "t2", retry_at="2026-11-22T12:00:10Z")),
    concluded("succeeded", "h1", 6),
    *(failure(3, 12), diagnosis(3, 12), heal(3, 12, attempt=2)),
    concluded("failed", "h3", 13),
    *(failure(4, 30), diagnosis(4, 30, verdict="retries_exhausted")),
    no_heal(4, 30, reason="retries_exhausted", retry_at=None),
    *(failure(5, 40, "h3", task_type="heal"), diagnosis(5, 40, "h3", task_type="heal")),
    dead_lettered(41),
)


def log(*events: CloudEvent) -> list[Entry]:
    """A log with one partition for each topic, the records as a broker stamps them."""
    offsets, topics = count(), Topics()
    return [
        Entry(
            topics.of(event.type), 0, next(offsets), int(event.time.timestamp() * 1000), b"k", event_in(encode(event))
        )
        for event in events
    ]


def broken_rules(entries: Iterable[Entry]) -> set[str]:
    return {name_of(check.rule) for check in check_log(History(entries), POLICY) if check.violations}


def name_of(rule: str) -> str:
    return RULES[rule].__name__


def dropped(*ids: str) -> Change:
    return lambda entries: [entry for entry in entries if entry.event is None or entry.id not in ids]


def changed(id_: str, **attributes: Any) -> Change:
    """Return the log with other attributes, or data, in one of its events."""

    def change(entries: list[Entry]) -> list[Entry]:
        return [with_other(entry, attributes) if entry.event and entry.id == id_ else entry for entry in entries]

    return change


def with_other(entry: Entry, said: dict[str, Any]) -> Entry:
    attributes = {name: said[name] for name in said if name in ("id", "time", "origin", "settled")}
    data = {name: said[name] for name in said if name not in attributes}
    return replace(entry, event={**(entry.event or {}), **attributes, "data": {**entry.data, **data}})


def repeated(id_: str, **attributes: Any) -> Change:
    """Return the log with one of its events once more at the end, with some attributes changed."""

    def change(entries: list[Entry]) -> list[Entry]:
        (one,) = (entry for entry in entries if entry.event and entry.id == id_)
        return [*entries, with_other(replace(one, offset=len(entries)), attributes)]

    return change


def test_a_sound_log_breaks_no_rule_and_exercises_each() -> None:
    """Every rule had something to look at, and found nothing."""
    checks = check_log(History([*log(*SOUND), REFUSED]), POLICY)
    assert [check for check in checks if check.violations] == []
    unused = {name_of(check.rule) for check in checks if not check.cases}
    assert unused == {"repeats_are_equal"}


def test_a_decision_that_was_published_again_is_harmless() -> None:
    """The same id with the same content, but for where it came from, is one decision."""
    assert broken_rules([*repeated("d3", origin="autoheal.failures/0@9#0", settled=7)(log(*SOUND)), REFUSED]) == set()


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (dropped("d4"), "one_decision"),
        (repeated("d4", id="another"), "one_decision"),
        (repeated("d4", id="another", failure_id="nobody's"), "one_decision"),
        (dropped("f4"), "one_decision"),
        (dropped("g4"), "one_diagnosis"),
        (repeated("g4", id="another"), "one_diagnosis"),
        (repeated("d4", reason="cooldown"), "repeats_are_equal"),
        (changed("d4", time="2026-11-22T12:00:29Z"), "log_time"),
        (changed("d3", time="2026-11-22T12:00:09Z"), "cooldown"),
        (changed("d2", retry_at="2026-11-22T12:00:11Z"), "decided_in_order"),
        (changed("g3", time="2026-11-22T12:00:09Z"), "decided_in_order"),
        (changed("d3", retry_count=1), "attempts"),
        (changed("d3", retry_count=3), "attempts"),
        (dropped("h1-ended"), "one_open_heal"),
        (changed("d4", reason="needs_attention"), "suppressed_for_a_reason"),
        (dropped("d3"), "suppressed_for_a_reason"),
        (lambda entries: [*entries, replace(REFUSED, offset=11)], "dead_letters"),
        (changed("letter", offset=11), "dead_letters"),
        (repeated("letter", id="another"), "dead_letters"),
    ],
)
def test_a_broken_rule_is_named(change: Change, broken: str) -> None:
    """Whatever a faulty runtime may write, some rule says so."""
    names = {"autoheal.heal.succeeded.v1": "h1-ended", "autoheal.record.dead_lettered.v1": "letter"}
    events = [event.model_copy(update={"id": names.get(event.type, event.id)}) for event in SOUND]
    assert broken in broken_rules(change([*log(*events), REFUSED]))


def test_what_waits_for_an_answer_is_named() -> None:
    """Failures without a diagnosis or a decision, and records without their dead letter."""
    entries = [*log(failure(1, 0), diagnosis(1, 0), failure(2, 1)), REFUSED]
    undecided, undiagnosed, unburied = ["tasks/0@0", "tasks/0@2"], ["tasks/0@2"], ["tasks/3@10"]
    assert History(entries).unanswered() == [f"autoheal.{place}" for place in undecided + undiagnosed + unburied]


@pytest.mark.parametrize(
    "value", [None, b"", b"\xff", b"[]", b'{"type": 3, "data": {}}', b'{"type":"autoheal.task.failed.v1","data":{}}']
)
def test_what_is_no_event_is_seen_as_such(value: bytes | None) -> None:
    """The checker judges by itself what cannot be decoded."""
    assert event_in(value) is None


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Tables that a projector made of the sound log."""
    fold(open_database(f"sqlite:///{tmp_path / 'autoheal.db'}"), SOUND)
    return tmp_path / "autoheal.db"


def test_tables_that_follow_the_log_pass(database: Path) -> None:
    """Row for row, none of the tables is empty."""
    checks = check_tables(History(log(*SOUND)), database)
    assert [check for check in checks if check.violations or not check.cases] == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("failures", "UPDATE failures SET decision = NULL WHERE failure_id = 'f1'"),
        ("failures", "DELETE FROM failures WHERE failure_id = 'f4'"),
        ("heals", "UPDATE heals SET outcome = 'expired' WHERE heal_task_id = 'h1'"),
        ("suppressions", "UPDATE suppressions SET retry_at = NULL"),
        ("failures_hourly", "UPDATE failures_hourly SET suppressed = suppressed + 1"),
        ("dead_letters", "UPDATE dead_letters SET record_offset = 11"),
    ],
)
def test_a_table_that_differs_is_named(database: Path, table: str, change: str) -> None:
    """One row too few, too many or other than the log says."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(change)
    broken = [check.rule for check in check_tables(History(log(*SOUND)), database) if check.violations]
    assert broken == [f"table {table} holds what the log says"]


def test_a_projector_that_lags_is_named(database: Path) -> None:
    """By partition, with how far it came; topics that it does not follow do not count."""
    ends = {("autoheal.heals", 1): 7, ("autoheal.tasks", 0): 9}
    assert behind(ends, database) == ["autoheal.heals/1 at 0 of 7"]
    assert behind(ends, database.with_name("none.db")) == ["autoheal.heals/1 at 0 of 7"]
