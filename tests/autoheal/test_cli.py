"""The command line finds its commands and says each expected error in one line."""

import signal
import sqlite3
import subprocess
import sys

import pytest

from autoheal.cli import COMMANDS
from autoheal.embedded import free_port
from projections.database import open_database
from tests.autoheal.conftest import finish


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_by_example(run, name):
    """Its help holds a line that could be typed."""
    result = run(name, "--help")
    assert result.code == 0
    assert f"autoheal {name}" in result.out.split("Usage:")[1].split("\n", 1)[1]


def test_alone_it_lists_every_command(run):
    """To call it without a command is a usage error that helps."""
    result = run()
    assert result.code == 2
    assert all(f"│ {name} " in result.out for name in COMMANDS)
    assert result.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["emti"], "No such command 'emti': see `autoheal --help`"),
        (["emit"], "Missing argument 'FILE': see `autoheal emit --help`"),
        (["replay", "--fast", "-"], "No such option: --fast: see `autoheal replay --help`"),
        (["replay", "nowhere.jsonl"], "'nowhere.jsonl': No such file or directory: see `autoheal replay --help`"),
        (["replay", "/dev/null", "--policy", "nowhere.toml"], "policy nowhere.toml: "),
        (["stats", "--since", "3 weeks"], "'3 weeks' is no duration such as 30m, 24h or 7d"),
        (["topics", "delete"], "'delete' is not one of 'create'"),
    ],
)
def test_wrong_usage_is_one_line(run, arguments, message):
    """It names what is wrong, and nothing is done."""
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("autoheal: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line(run):
    """It names the folder."""
    result = run("schema", "--write", "/dev/null/schemas")
    assert result.code == 2
    assert result.err == "autoheal: [Errno 20] Not a directory: '/dev/null/schemas'\n"


@pytest.mark.parametrize(
    "arguments", [["worker"], ["projector"], ["emit", "/dev/null"], ["heals"], ["topics", "create"]]
)
def test_a_broker_out_of_reach_is_one_line(run, monkeypatch, arguments):
    """It names the address and what to do about it."""
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("AUTOHEAL_BOOTSTRAP_SERVERS", address)
    result = run(*arguments)
    assert result.code == 3
    assert result.err == (
        f"autoheal: no Kafka broker answers at {address}: start one with `autoheal dev`, "
        "or set AUTOHEAL_BOOTSTRAP_SERVERS to one that runs\n"
    )


def test_a_database_out_of_reach_is_one_line(run, monkeypatch):
    """It names the database and what to do about it."""
    monkeypatch.setenv("AUTOHEAL_DATABASE_URL", "sqlite:////nowhere/autoheal.db")
    result = run("stats")
    assert result.code == 3
    assert result.err.startswith("autoheal: the database sqlite:////nowhere/autoheal.db cannot be used")
    assert result.err.count("\n") == 1


def test_a_database_of_a_later_version_is_one_line(run):
    """It is left alone, as a wrong setting would be."""
    open_database("sqlite:///autoheal.db").dispose()
    with sqlite3.connect("autoheal.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    result = run("stats")
    assert result.code == 2
    assert result.err.startswith("autoheal: the database has schema 9999 and this autoheal knows ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("name", ["worker", "dev", "replay", "classify"])
def test_a_wrong_policy_is_refused_before_anything_starts(run, monkeypatch, tmp_path, name):
    """The line names the key."""
    policy = tmp_path / "policy.toml"
    policy.write_text("[guards]\nobservation_window_second = 60\n")
    monkeypatch.setenv("AUTOHEAL_POLICY", str(policy))
    result = run(name, *(["/dev/null"] if name in ("replay", "classify") else []))
    assert result.code == 2
    assert result.err == f"autoheal: policy {policy}: guards.observation_window_second: unknown key\n"


def test_a_command_loads_what_it_needs():
    """Who classifies or emits waits for neither Faust nor SQL."""
    code = (
        "import sys; from autoheal.cli import main\n"
        "for name in ('classify', 'emit', 'replay'): main([name, '--help'])\n"
        "sys.exit(bool({'faust', 'sqlalchemy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_reader_that_goes_away_is_no_error(command):
    """`autoheal schema | head -1` prints no complaint."""
    process = command("schema")
    process.stdout.close()
    assert process.stderr.read() == b""


def test_ctrl_c_is_quiet(command):
    """It ends a command that waits for input at once, with the exit code of an interrupted program."""
    process = command("classify", "--jsonl")
    process.stdin.write(b'{"exit_code": 137}\n')
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert process.stderr.read() == b""


def test_it_runs_as_a_module(command):
    """`python -m autoheal` is `autoheal`."""
    result = finish(command("--help"))
    assert result.code == 0
    assert "Usage: autoheal " in result.out
