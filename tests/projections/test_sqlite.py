"""The tables as SQLite's own tools find them: in one file, typed, readable while the projector writes."""

import sqlite3

import pytest

from projections.database import open_database, transaction
from projections.tables import metadata
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, requested, suppressed

STORED_AS = {"TEXT": "text", "DATETIME": "text", "JSON": "text", "FLOAT": "real"}
STORED_AS |= {"INTEGER": "integer", "BIGINT": "integer", "BOOLEAN": "integer"}


@pytest.fixture
def file(tmp_path):
    """A database file with a row in each table of the fold."""
    story = [diagnosed("a"), diagnosed("b"), requested("a"), suppressed("b"), concluded("succeeded"), dead_lettered()]
    fold(open_database(f"sqlite:///{tmp_path}/autoheal.db"), story)
    return tmp_path / "autoheal.db"


def test_readers_and_the_projector_do_not_wait(file):
    """A reader sees one state from begin to end, while a writer commits, and the next one while another writes."""
    reader = sqlite3.connect(file, timeout=0, isolation_level=None)
    reader.execute("BEGIN")
    assert _count(reader) == 2
    with transaction(open_database(f"sqlite:///{file}")) as writer:
        writer.exec_driver_sql("DELETE FROM failures")
        assert _count(sqlite3.connect(file, timeout=0)) == 2
    assert _count(reader) == 2
    reader.execute("COMMIT")
    assert _count(reader) == 0


def test_every_value_has_the_type_of_its_column(file):
    """Values are stored as the column says; moments are UTC text that date functions read and that sorts as time."""
    with sqlite3.connect(file) as connection:
        for table in metadata.tables:
            for _, column, declared, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                query = f"SELECT {column}, typeof({column}), date({column}) FROM {table} WHERE {column} IS NOT NULL"
                for value, stored, day in connection.execute(query):
                    assert stored == STORED_AS[declared], (table, column)
                    if declared == "DATETIME":
                        assert (len(value), day) == (len("2026-11-22 12:00:00.000000"), "2026-11-22"), (table, column)


def test_evidence_is_json(file):
    """Analysts reach into the evidence with SQLite's JSON functions."""
    with sqlite3.connect(file) as connection:
        (rule,) = connection.execute("SELECT evidence ->> '$[0].rule' FROM failures LIMIT 1").fetchone()
    assert rule == "http-429"


def _count(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM failures").fetchone()
    return count
