"""What every database of the projections is held to: opened with one clear error, read while it is written."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine, func, inspect, select

from projections import dialects, views
from projections.database import DatabaseUnreachableError, open_database, transaction
from projections.fold import apply
from projections.stats import auto_heal_stats
from projections.tables import dead_letters, failures, heals, metadata, projection_offsets
from tests.projections.given import dead_lettered, diagnosed, entry, fold, requested, row


@pytest.fixture
def other(url) -> Engine:
    """The same database, opened by another process."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("sqlite:///{tmp_path}/text.db", "file is not a database"),
        ("nosuchdb://user:pass@host/name", "Can't load plugin"),
        ("postgresql+psycopg://user:pass@host:port/name", "'port'"),
        ("postgresql+psycopg://user:pass@127.0.0.1:1/name", "Connection refused"),
        ("postgresql+psycopg://127.0.0.1:1/name?user=user&password=pass", "Connection refused"),
        ("autoheal.db", "Could not parse SQLAlchemy URL"),
    ],
)
def test_what_cannot_be_opened_is_one_line(tmp_path, url, said):
    """A database that cannot be used is reported in one line, with its reason, the remedy and no password."""
    (tmp_path / "text.db").write_text("this is not a database, but long enough to be looked at" * 20)
    with pytest.raises(DatabaseUnreachableError, match=said) as caught:
        open_database(url.format(tmp_path=tmp_path))
    assert "set AUTOHEAL_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pass" not in str(caught.value)


def test_opening_again_keeps_everything(tables_of, url):
    """Opening a database that has its tables changes nothing in it."""
    engine = tables_of(diagnosed("a"), requested("a"))
    again = open_database(url)
    assert auto_heal_stats(again) == auto_heal_stats(engine)
    again.dispose()


def test_many_open_a_new_database_at_once(url):
    """Processes that start together on a new database all find their tables."""
    code = f"from projections.database import open_database; open_database({url!r})"
    starting = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate()[1] for process in starting]
    assert errors == [b""] * 4


def test_an_answer_is_of_one_moment(tables_of, other):
    """Queries of one connection see one state, whatever is committed between them."""
    engine = tables_of(diagnosed("a"))
    with engine.connect() as reader:
        assert _failures(reader) == 1
        fold(other, [diagnosed("b")])
        assert _failures(reader) == 1
    assert auto_heal_stats(engine).total_failed == 2


def test_a_reader_does_not_wait_for_a_writer(tables_of, other):
    """What a writer has not committed is neither seen nor waited for."""
    engine = tables_of(diagnosed("a"))
    with transaction(other) as writer:
        writer.execute(failures.delete())
        assert auto_heal_stats(engine).total_failed == 1
    assert auto_heal_stats(engine).total_failed == 0


def test_a_decision_meets_its_failure_between_two_writers(tables, other):
    """A failure gets its decision also when two writers add them at the same time."""
    with ThreadPoolExecutor(1) as thread:
        with transaction(tables) as writer:
            apply(writer, map(entry, [diagnosed("a")]))
            second = thread.submit(fold, other, [requested("a")])
            wait([second], timeout=0.5)  # long enough for one that does not wait to be through
        second.result()
    assert row(tables, failures)["decision"] == "requested"


def test_a_writer_does_not_wait_for_ever(tables, other, monkeypatch):
    """A writer that another one keeps waiting gives up with one line."""
    monkeypatch.setattr(dialects, "LOCK_TIMEOUT_MS", 10)
    waiting = open_database(other.url)
    with (
        transaction(other),
        pytest.raises(DatabaseUnreachableError, match=r"locked|lock timeout"),
        transaction(waiting),
    ):
        pass
    waiting.dispose()


def test_a_database_without_its_tables_is_one_line(tables):
    """A question to a database whose tables somebody dropped is answered by one line."""
    with transaction(tables) as connection:
        views.metadata.drop_all(connection)
        metadata.drop_all(connection)
    with pytest.raises(DatabaseUnreachableError, match=r"no such table|does not exist"):
        auto_heal_stats(tables)


def test_numbers_are_kept_whole(tables_of):
    """The largest offsets and counts of the contract fit into their columns."""
    engine = tables_of(dead_lettered(offset=2**63 - 1), requested(retry_count=2**31))
    assert row(engine, dead_letters)["record_offset"] == 2**63 - 1
    assert row(engine, heals)["retry_count"] == 2**31
    with transaction(engine) as connection:
        connection.execute(projection_offsets.insert(), {"topic": "t", "partition": 0, "next_offset": 2**63 - 1})
    assert row(engine, projection_offsets)["next_offset"] == 2**63 - 1


def test_every_column_is_documented(tables):
    """Each table, view and column says what it is, and each table and view is there."""
    described = [*metadata.sorted_tables, *views.metadata.sorted_tables]
    assert all(table.comment and all(column.comment for column in table.columns) for table in described)
    assert {*inspect(tables).get_table_names()} == {*metadata.tables, "alembic_version"}
    assert {*inspect(tables).get_view_names()} == {*views.metadata.tables}


def _failures(connection) -> int:
    return connection.scalar(select(func.count()).select_from(failures))
