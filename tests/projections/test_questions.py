"""Questions in SQL: answered alike by both databases, which themselves refuse to be changed."""

import io
import json

import duckdb
import pytest

from autoheal.parquet import write_parquet
from autoheal.results import write_csv, write_json
from projections.database import DatabaseUnreachableError, open_database
from projections.questions import QueryRefusedError, ask
from projections.tables import failures
from tests.projections.given import diagnosed, fold, requested, rows
from tests.projections.history import FAILURES, tell

TYPED = "SELECT failure_id, diagnosed_at, has_diagnostics, confidence, evidence, decision FROM failures ORDER BY 1"


@pytest.fixture
def told(tables, url):
    """The URL of a database with a failure that was healed, and one that nobody knows of yet."""
    fold(tables, [diagnosed("a"), requested("a"), diagnosed("b", evidence=[])])
    return url


def asked(url, query, write=write_json):
    """Return what is written about the answer."""
    file = io.BytesIO()
    with ask(url, query) as answer:
        write(answer, file)
    return file.getvalue()


def test_values_keep_their_types_in_json(told):
    """Moments are in UTC, truth values are such, and evidence is JSON in JSON."""
    first, second = map(json.loads, asked(told, TYPED).splitlines())
    evidence = first.pop("evidence")
    assert [(rule["rule"], rule["start"]) for rule in evidence] == [("http-429", 4)]
    assert first == {
        "failure_id": "a",
        "diagnosed_at": "2026-11-22T12:00:00Z",
        "has_diagnostics": True,
        "confidence": 0.9,
        "decision": "requested",
    }
    assert (second["evidence"], second["decision"]) == ([], None)


def test_csv_has_a_header_and_text_for_every_value(told):
    """What is null is empty, JSON is quoted as CSV wants it."""
    header, _, second, *_ = asked(told, TYPED, write_csv).decode().split("\r\n")
    assert header == "failure_id,diagnosed_at,has_diagnostics,confidence,evidence,decision"
    assert second == "b,2026-11-22T12:00:00Z,true,0.9,[],"


def test_duckdb_reads_the_types_of_parquet(told, tmp_path):
    """Moments have a zone, numbers and truth values are such, JSON is text, and all of it is there."""
    (tmp_path / "rows.parquet").write_bytes(asked(told, TYPED, write_parquet))
    read = duckdb.sql(f"SELECT * FROM '{tmp_path}/rows.parquet'")
    assert dict(zip(read.columns, map(str, read.types), strict=True)) == {
        "failure_id": "VARCHAR",
        "diagnosed_at": "TIMESTAMP WITH TIME ZONE",
        "has_diagnostics": "BOOLEAN",
        "confidence": "DOUBLE",
        "evidence": "VARCHAR",
        "decision": "VARCHAR",
    }
    moment = "epoch(diagnosed_at)::BIGINT"
    first, second = read.select(f"failure_id, {moment}, has_diagnostics, evidence ->> '$[0].rule', decision").fetchall()
    assert first == ("a", 1795348800, True, "http-429", "requested")
    assert second == ("b", 1795348800, True, None, None)


def test_an_answer_without_rows_has_its_columns(told, tmp_path):
    """Also in a file that a program reads: it asks for them by name."""
    query = f"{TYPED.removesuffix('ORDER BY 1')} WHERE failure_id = 'x'"
    (tmp_path / "rows.parquet").write_bytes(asked(told, query, write_parquet))
    assert duckdb.sql(f"SELECT decision, confidence FROM '{tmp_path}/rows.parquet'").fetchall() == []
    assert asked(told, query, write_csv).startswith(b"failure_id,diagnosed_at")
    assert asked(told, query) == b""


def test_numbers_are_numbers_of_any_database(told, tmp_path):
    """Sums are whole and averages not, whatever the database calls their type."""
    query = "SELECT sum(retry_count) AS tries, avg(retry_count) AS mean, count(*) / 2.0 AS half FROM heals"
    assert json.loads(asked(told, query)) == {"tries": 1, "mean": 1.0, "half": 0.5}


@pytest.mark.parametrize("column", ["diagnosed_at", "has_diagnostics", "evidence"])
def test_sqlite_may_have_other_values_in_a_column(tmp_path, column):
    """A line with a total below the rows is text where SQLite lets it stand, and no error."""
    url = f"sqlite:///{tmp_path}/autoheal.db"
    fold(open_database(url), [diagnosed()])
    lines = asked(url, f"SELECT {column} AS it FROM failures UNION ALL SELECT 'total'").splitlines()
    assert (len(lines), json.loads(lines[1])) == (2, {"it": "total"})


def test_a_name_that_comes_twice_is_numbered(told):
    """Nothing is lost where two tables have a column of the same name."""
    query = "SELECT f.failure_id, h.failure_id, 1 AS one FROM failures f JOIN heals h ON f.failure_id = h.failure_id"
    assert json.loads(asked(told, query)) == {"failure_id": "a", "failure_id_2": "a", "one": 1}


def test_many_rows_come_in_their_order(tables, url, tmp_path):
    """More than are fetched or written at once; none is lost or repeated between two of these."""
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) SELECT i FROM n"
    (tmp_path / "rows.parquet").write_bytes(asked(url, query, write_parquet))
    read = duckdb.sql(f"SELECT i FROM '{tmp_path}/rows.parquet'").fetchall()
    assert read == [(i,) for i in range(1, 25001)]
    assert [json.loads(line)["i"] for line in asked(url, query).splitlines()] == [*range(1, 25001)]


def test_percent_signs_and_colons_are_only_text(told):
    """A query is given to the database as it was typed."""
    assert json.loads(asked(told, "SELECT '100% :a %s' AS said WHERE 'abc' LIKE '%b%'")) == {"said": "100% :a %s"}


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE failures",
        "DELETE FROM failures",
        "DELETE FROM failures RETURNING failure_id",
        "UPDATE failures SET decision = NULL",
        "INSERT INTO heal_outcomes VALUES ('x', 'failed', '2026-11-22', NULL)",
        "CREATE TABLE mine AS SELECT * FROM failures",
        "CREATE TEMPORARY VIEW mine AS SELECT * FROM failures",
        "SELECT 1; DROP TABLE failures",
        "SELECT 1; DELETE FROM failures; SELECT 2",
        "COMMIT; DROP TABLE failures",
        "COMMIT",
        "BEGIN",
        "VACUUM",
        "/* SELECT */ DELETE FROM failures -- SELECT",
        "WITH gone AS (SELECT 1) DELETE FROM failures",
    ],
)
def test_whatever_is_no_question_is_refused(told, query):
    """In one line, by the database, which is what it was before."""
    with pytest.raises(QueryRefusedError) as caught:
        asked(told, query)
    assert "\n" not in str(caught.value)
    assert {row["failure_id"] for row in rows(open_database(told), failures)} == {"a", "b"}
    assert len(asked(told, TYPED).splitlines()) == 2


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "PRAGMA query_only = 0",
        "PRAGMA journal_mode = DELETE",
        "SELECT load_extension('x')",
        "SAVEPOINT here",
        "DETACH main",
        "ANALYZE",
        "REINDEX",
        "CREATE TEMPORARY TABLE mine (id)",
        "CREATE VIRTUAL TABLE mine USING fts5(text)",
        "DELETE FROM sqlite_master",
    ],
)
def test_sqlite_leaves_its_file_and_others_alone(tmp_path, monkeypatch, query):
    """No switch is turned and no other file is written."""
    monkeypatch.chdir(tmp_path)
    url = "sqlite:///autoheal.db"
    tell(open_database(url))
    with pytest.raises(QueryRefusedError):
        asked(url, query)
    assert not [*tmp_path.glob("other.db"), *tmp_path.glob("copy.db")]
    assert len(asked(url, TYPED).splitlines()) == len(FAILURES)


@pytest.mark.parametrize(
    "query",
    [
        "SET TRANSACTION READ WRITE; DROP TABLE failures",
        "WITH a AS (DELETE FROM failures RETURNING 1) SELECT set_config('transaction_read_only', 'off', true) FROM a",
        "DO $$ BEGIN COMMIT; DELETE FROM failures; END $$",
        "SELECT nextval('mine')",
        "COPY failures TO STDOUT",
        "SET transaction_read_only = off",
        "LOCK TABLE failures",
    ],
)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_stays_read_only(told, query):
    """The transaction cannot be made one that writes, nor be left for another."""
    with pytest.raises(QueryRefusedError) as caught:
        asked(told, query)
    assert "\n" not in str(caught.value)
    assert len(asked(told, TYPED).splitlines()) == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", r'near "SELEC": syntax error|syntax error at or near "SELEC"'),
        ("SELECT * FROM failure", r'no such table: failure|relation "failure" does not exist'),
        ("SELECT nope FROM failures", r'no such column: nope|column "nope" does not exist'),
        ("", r"this gives no rows"),
        ("-- nothing", r"this gives no rows"),
        ("SELECT 1\0; DROP TABLE failures", r"no text in UTF-8"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_database(told, query, said):
    """In one line."""
    with pytest.raises(QueryRefusedError, match=said) as caught:
        asked(told, query)
    assert "\n" not in str(caught.value)


def test_a_mistake_that_shows_late_is_told_too(told):
    """Where the database finds it only when it gets to the row."""
    query = "SELECT abs(-9223372036854775807 - i) FROM (SELECT 0 AS i UNION ALL SELECT 1) AS numbers"
    with pytest.raises(QueryRefusedError, match=r"integer overflow|out of range"):
        asked(told, query)


def test_a_database_that_is_away_is_told_as_ever():
    """As for every other command."""
    with pytest.raises(DatabaseUnreachableError):
        asked("sqlite:////nowhere/at/all.db", "SELECT 1")


def test_the_views_answer(tables, url):
    """Each failure of a history has its decision in one row, each scope its last cooldown."""
    tell(tables)
    told = [json.loads(line) for line in asked(url, "SELECT * FROM decisions").splitlines()]
    assert len(told) == len(FAILURES)
    assert all((row["heal_task_id"] is None) == (row["suppression_reason"] is not None) for row in told)
    cooldowns = asked(url, "SELECT cooldown_scope, heal_task_id, cooldown_until FROM cooldowns ORDER BY 1")
    assert json.loads(cooldowns.splitlines()[1]) == {
        "cooldown_scope": "provider_error",
        "heal_task_id": "heal_14",
        "cooldown_until": "2026-11-22T09:15:00Z",
    }
