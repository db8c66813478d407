"""The database file: opened with one clear error, read by others while it is written, typed for analysts."""

import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import Engine, func, inspect, select

from projections.database import DatabaseUnreachableError, open_database
from projections.stats import auto_heal_stats
from projections.tables import failures, metadata
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, requested, suppressed

MOMENTS = {
    "failures": ["diagnosed_at"],
    "heals": ["requested_at", "expires_at", "outcome_at"],
    "heal_outcomes": ["outcome_at"],
    "suppressions": ["suppressed_at", "retry_at"],
    "failures_hourly": ["hour"],
    "dead_letters": ["dead_lettered_at"],
}


@pytest.fixture
def file(tmp_path):
    """Where the database is."""
    return tmp_path / "autoheal.db"


@pytest.fixture
def engine(file) -> Engine:
    """A database file with a row in each table."""
    story = [diagnosed("a"), diagnosed("b"), requested("a"), suppressed("b"), concluded("succeeded"), dead_lettered()]
    return fold(open_database(f"sqlite:///{file}"), story)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("sqlite:///{tmp_path}/text.db", "file is not a database"),
        ("nosuchdb://user:pass@host/name", "Can't load plugin"),
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


def test_opening_again_keeps_everything(engine, file):
    """Opening a database that has its tables changes nothing in it."""
    assert auto_heal_stats(open_database(f"sqlite:///{file}")) == auto_heal_stats(engine)


def test_many_open_a_new_database_at_once(file):
    """Processes that start together on a new file all find their tables."""
    code = f"from projections.database import open_database; open_database('sqlite:///{file}')"
    starting = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate()[1] for process in starting]
    assert errors == [b""] * 4


def test_readers_and_the_projector_do_not_wait(engine, file):
    """A reader sees one state from begin to end, while a writer commits, and the next one while another writes."""
    reader = sqlite3.connect(file, timeout=0, isolation_level=None)
    reader.execute("BEGIN")
    assert _count(reader) == 2
    with engine.begin() as writer:
        writer.exec_driver_sql("DELETE FROM failures")
        assert _count(sqlite3.connect(file, timeout=0)) == 2
        assert auto_heal_stats(engine).total_failed == 2
    assert _count(reader) == 2
    reader.execute("COMMIT")
    assert _count(reader) == 0


def test_an_answer_is_of_one_moment(engine, file):
    """Queries of one connection see one state, whatever is committed between them."""
    with engine.connect() as reader:
        before = reader.scalar(select(func.count()).select_from(failures))
        fold(open_database(f"sqlite:///{file}"), [diagnosed("c")])
        assert reader.scalar(select(func.count()).select_from(failures)) == before
    assert auto_heal_stats(engine).total_failed == before + 1


def test_moments_are_dates_to_sqlite(engine, file):
    """Each moment is UTC text that SQLite's date functions read and that sorts as time does."""
    with sqlite3.connect(file) as connection:
        for table, columns in MOMENTS.items():
            for column in columns:
                (stored, day) = connection.execute(f"SELECT max({column}), date(max({column})) FROM {table}").fetchone()
                assert len(stored) == len("2026-11-22 12:00:00.000000"), (table, column)
                assert day == "2026-11-22", (table, column)


def test_every_value_has_the_type_of_its_column(engine, file):
    """Values are stored as numbers where the column is a number, and as text elsewhere."""
    stored_as = {"TEXT": "text", "VARCHAR(249)": "text", "DATETIME": "text", "INTEGER": "integer"}
    stored_as |= {"FLOAT": "real", "BOOLEAN": "integer"}
    with sqlite3.connect(file) as connection:
        for table in MOMENTS:
            for _, column, declared, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                stored = {each for (each,) in connection.execute(f"SELECT typeof({column}) FROM {table}")}
                assert stored <= {stored_as[declared], "null"}, (table, column)


def test_every_column_is_documented(engine):
    """Each table and column says what it is."""
    assert all(table.comment and all(column.comment for column in table.columns) for table in metadata.sorted_tables)
    assert {*inspect(engine).get_table_names()} == {*MOMENTS, "projection_offsets"}


def test_evidence_is_json_to_sqlite(engine, file):
    """Analysts reach into the evidence with SQLite's JSON functions."""
    with sqlite3.connect(file) as connection:
        (rule,) = connection.execute("SELECT evidence ->> '$[0].rule' FROM failures LIMIT 1").fetchone()
    assert rule == "http-429"


def _count(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM failures").fetchone()
    return count
