"""`autoheal sql`: one query, or a shell on a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios

import duckdb
import pytest

from autoheal.results import SHOWN
from projections.database import open_database
from tests.autoheal.conftest import finish
from tests.projections.given import diagnosed, fold, requested

QUERY = "SELECT failure_id, decision FROM failures ORDER BY 1"
ROWS = [{"failure_id": "a", "decision": "requested"}, {"failure_id": "b", "decision": None}]
MANY = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {SHOWN}) SELECT i FROM n"


@pytest.fixture(autouse=True)
def engine():
    """A database with two failures, one of them healed."""
    return fold(open_database("sqlite:///autoheal.db"), [diagnosed("a"), requested("a"), diagnosed("b")])


def lines(out):
    """Return what each line says."""
    return [json.loads(line) for line in out.splitlines()]


def test_a_query_is_answered_in_json_lines(run):
    """Where nobody looks on."""
    assert lines(run("sql", QUERY).out) == ROWS


def test_a_query_comes_from_a_file_or_a_pipe(run, command, tmp_path):
    """As scripts keep them."""
    (tmp_path / "q.sql").write_text(f"-- the failures\n{QUERY};\n")
    assert lines(run("sql", "--file", "q.sql").out) == ROWS
    assert lines(finish(command("sql", "-"), f"{QUERY};".encode()).out) == ROWS


def test_a_file_gets_what_its_name_says(run, tmp_path):
    """CSV, JSON lines or Parquet; nothing is printed."""
    for name in ("rows.csv", "rows.json", "rows.parquet"):
        assert run("sql", QUERY, "--output", name).out == ""
    assert (tmp_path / "rows.csv").read_bytes() == b"failure_id,decision\r\na,requested\r\nb,\r\n"
    assert lines((tmp_path / "rows.json").read_text()) == ROWS
    assert duckdb.sql(f"SELECT * FROM '{tmp_path}/rows.parquet'").fetchall() == [("a", "requested"), ("b", None)]


def test_a_format_is_chosen(run):
    """Also for stdout."""
    assert run("sql", QUERY, "--format", "csv").out == "failure_id,decision\r\na,requested\r\nb,\r\n"


def test_a_table_ends_where_nobody_reads_on(run):
    """And says so, with what to do, on stderr."""
    result = run("sql", MANY, "--format", "table")
    assert f" {SHOWN} " in result.out
    assert f" {SHOWN + 1} " not in result.out
    assert result.err == f"only the first {SHOWN} rows are shown: add LIMIT, or write all with --output rows.csv\n"
    assert run("sql", f"{MANY} LIMIT {SHOWN}", "--format", "table").err == ""


def test_a_task_does_not_steer_the_terminal(run, engine):
    """Escape sequences in what it printed are shown as something unprintable."""
    fold(engine, [diagnosed("c", error_summary="\x1b[2J[red]all\tgone")])
    out = run("sql", "SELECT error_summary FROM failures WHERE failure_id = 'c'", "--format", "table").out
    assert re.search(r"\ufffd\[2J\[red\]all\s+gone", out)
    assert "\x1b[2J" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["SELEC 1"], 'near "SELEC": syntax error'),
        (
            ["DROP TABLE failures"],
            "only questions are answered, and nothing was changed (attempt to write a readonly database)",
        ),
        (["SELECT 1; DROP TABLE failures"], "You can only execute one statement at a time."),
        ([], "give a query, --file FILE, or - for stdin: see `autoheal sql --help`"),
        (["SELECT 1", "--file", "q.sql"], "give a query or --file, not both"),
        (["--file", "nowhere.sql"], "No such file or directory: 'nowhere.sql'"),
        (["--file", "/usr/bin/env"], "the query is no text in UTF-8"),
        (["SELECT 'a\udcff'"], "the query is no text in UTF-8"),
        (["SELECT 1", "--format", "parquet"], "parquet is no text: add --output FILE"),
        (["SELECT 1", "--format", "table", "--output", "x"], "a table is for people: choose csv, json or parquet"),
        (["SELECT 1", "--format", "xml"], "'xml' is not one of"),
        (["SELECT 1", "--output", "/nowhere/x.csv"], "No such file or directory: '/nowhere/x.csv'"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, arguments, said):
    """And nothing is done: all is still there."""
    result = run("sql", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("autoheal: ")
    assert said in result.err
    assert result.err.count("\n") == 1
    assert lines(run("sql", QUERY).out) == ROWS


def test_a_refused_query_leaves_the_file_of_the_last_one(run, tmp_path):
    """The file is opened once the database has accepted the query."""
    (tmp_path / "rows.csv").write_text("precious")
    assert run("sql", "SELEC 1", "--output", "rows.csv").code == 2
    assert (tmp_path / "rows.csv").read_text() == "precious"


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;"


def _on_its_own_terminal():
    """Let Ctrl-C arrive, also where the tests run in the background, which ignores it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """The command line in a process on a terminal of its own, and a person who types."""

    def __init__(self, *arguments):
        self.fd, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
        command = [sys.executable, "-m", "autoheal", *arguments]
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        self.process = subprocess.Popen(
            command,
            **streams,
            env=environment,
            start_new_session=True,
            preexec_fn=_on_its_own_terminal,  # noqa: PLW1509 - two system calls
        )
        os.close(theirs)

    def read(self, until):
        """Return what is shown up to a text, without colours."""
        shown = ""
        while until not in shown:
            ready, _, _ = select.select([self.fd], [], [], 30)
            assert ready, f"no {until!r} in {shown!r}"
            shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(self.fd, 65536).decode())
        return shown

    def type(self, text, until="autoheal> "):
        """Type a line and return what is shown up to the next prompt."""
        os.write(self.fd, text.encode())
        return self.read(until)

    def ends(self):
        """Return the exit code."""
        code = self.process.wait(timeout=30)
        os.close(self.fd)
        return code


@pytest.fixture
def terminal():
    """Start the command line on a terminal; it is killed at the end."""
    started = []

    def start(*arguments):
        started.append(Terminal(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_a_terminal_gets_a_table(terminal):
    """Without being asked for."""
    assert re.search(r"failure_id +decision", terminal("sql", QUERY).read("requested"))


def test_the_shell_answers_one_question_after_the_other(terminal):
    """Over several lines, after mistakes, with what there is to ask for, until Ctrl-D."""
    shell = terminal("sql")
    assert ".tables" in shell.read("autoheal> ")
    assert "Every failure with its one decision" in shell.type(".tables\n")
    assert re.search(r"retry_at +datetime", shell.type(".schema decisions\n"))
    assert "name one of .tables" in shell.type(".schema nothing\n")
    shell.type("SELECT count(*) AS failures\n", until="...> ")
    assert re.search(r"failures\s+─+\s+2", shell.type("FROM failures;\n"))
    assert 'autoheal: near "SELEC": syntax error' in shell.type("SELEC 1;\n")
    assert "nothing was changed" in shell.type("DELETE FROM failures;\n")
    assert "Ctrl-D" in shell.type(".what\n")
    shell.type("SELECT\n", until="...> ")
    assert "..." not in shell.type("\x03").partition("\n")[2]
    assert re.search(r"failures\s+─+\s+2", shell.type("SELECT count(*) AS failures FROM failures;\n"))
    os.write(shell.fd, b"\x04")
    assert shell.ends() == 0


def test_ctrl_c_ends_a_query_and_not_the_shell(terminal):
    """One that would go on for ever."""
    shell = terminal("sql")
    shell.read("autoheal> ")
    shell.type(f"{ENDLESS}\n", until="\n")
    shell.type("\x03")
    assert re.search(r"one\s+─+\s+1", shell.type("SELECT 1 AS one;\n"))
