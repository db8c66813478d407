"""The page for analysts: each block runs in each tool that it names, and gives the answer that stands below it."""

import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import duckdb
import duckdb_extension_postgres_scanner
import duckdb_extension_sqlite_scanner
import pytest

from projections.database import open_database
from projections.questions import ask
from tests.postgres import psql
from tests.projections.history import tell

PAGE = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text()
SCANNERS = (duckdb_extension_sqlite_scanner, duckdb_extension_postgres_scanner)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d).*")


def blocks():
    """Return the number of each question, a tool and its block."""
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        if number := re.match(r"(\d+)\.", section):
            for tools, query in re.findall(
                r"^\*\*([^*\n]+)\*\*\n\n```sql\n(.+?)```", section, re.MULTILINE | re.DOTALL
            ):
                for tool in tools.split(", "):
                    yield pytest.param(number[1], query, tool, id=f"{number[1]}-{tool}")


BLOCKS = {tool: [each for each in blocks() if each.values[2] == tool] for tool in ("sqlite3", "psql", "DuckDB")}


def answer(number):
    """Return the names and the rows of the only table in a section of the page."""
    (section,) = re.findall(rf"^## {number}\. .+?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    header, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"
    ]
    return header, [[value(cell) for cell in row] for row in rows]


def value(cell):
    """Return what a tool says in a cell, alike whatever the tool: a number, a moment without its zone, or text."""
    text = "" if cell is None else str(cell)
    if moment := MOMENT.fullmatch(text):
        return " ".join(moment.groups())
    try:
        return round(float(text), 6)
    except ValueError:
        return text


def cells(printed):
    """Return the rows of what a client printed, separated by bars."""
    return [[value(cell) for cell in line.split("|")] for line in printed.splitlines()]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """An SQLite file with the history."""
    path = tmp_path_factory.mktemp("analysts") / "autoheal.db"
    tell(open_database(f"sqlite:///{path}")).dispose()
    return path


@pytest.fixture(scope="module")
def schema(postgres):
    """The URL of a schema in PostgreSQL with the history."""
    with postgres.schema() as url:
        tell(open_database(url)).dispose()
        yield url


@pytest.mark.parametrize(("number", "query", "tool"), BLOCKS["sqlite3"])
def test_sqlite3_answers(file, number, query, tool):
    """The client itself, on the file."""
    if not shutil.which("sqlite3"):
        pytest.skip("no sqlite3 on PATH")
    asked = ["sqlite3", "-batch", "-readonly", "-list", "-noheader", str(file), query]
    printed = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    assert cells(printed) == answer(number)[1]


@pytest.mark.parametrize(("number", "query", "tool"), BLOCKS["psql"])
def test_psql_answers(schema, number, query, tool, monkeypatch):
    """The client itself, in UTC."""
    monkeypatch.setenv("PGTZ", "UTC")
    assert cells(psql(schema, query)) == answer(number)[1]


@pytest.mark.parametrize(("number", "query", "tool"), BLOCKS["sqlite3"] + BLOCKS["psql"])
def test_autoheal_sql_answers(request, number, query, tool):
    """With the blocks of the client of its database."""
    url = f"sqlite:///{request.getfixturevalue('file')}" if tool == "sqlite3" else request.getfixturevalue("schema")
    with ask(url, query) as found:
        header, rows = answer(number)
        assert found.columns == header
        assert [[value(cell) for cell in row] for row in found.rows()] == rows


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("number", "query", "tool"), BLOCKS["DuckDB"])
def test_duckdb_answers(request, database, number, query, tool):
    """Over a file of SQLite and over PostgreSQL, by the same words, with the columns that the page shows."""
    with closing(duckdb.connect()) as connection:
        for scanner in SCANNERS:
            (extension,) = Path(scanner.__path__[0]).rglob("*.duckdb_extension")
            connection.execute(f"LOAD '{extension}'")
        connection.execute("SET TimeZone = 'UTC'")
        attach(connection, request, database)
        result = connection.sql(query)
        header, rows = answer(number)
        assert result.columns == header
        assert [[value(cell) for cell in row] for row in result.fetchall()] == rows


def attach(connection, request, database):
    """Open the history in DuckDB."""
    if database == "sqlite":
        connection.execute(f"ATTACH '{request.getfixturevalue('file')}' AS autoheal (TYPE sqlite, READ_ONLY)")
        connection.execute("USE autoheal")
        return
    uri, _, schema = request.getfixturevalue("schema").replace("+psycopg", "").partition("?options=-csearch_path%3D")
    connection.execute(f"ATTACH '{uri}' AS autoheal (TYPE postgres, SCHEMA '{schema}', READ_ONLY)")
    connection.execute(f"USE autoheal.{schema}")


def test_every_question_is_for_every_tool():
    """Ten questions, three tools."""
    numbers = [str(number) for number in range(1, 11)]
    assert [[each.values[0] for each in found] for found in BLOCKS.values()] == [numbers] * len(BLOCKS)
