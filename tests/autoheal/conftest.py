"""How the tests call the command line."""

import os
import select
import subprocess
import sys
from dataclasses import dataclass

import pytest

from autoheal.cli import main


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Each test has its own working directory, where temporary files go too, and no settings but its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AUTOHEAL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(capsysbinary):
    """Call the command line in this process."""

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    return call


@pytest.fixture
def command():
    """Start the command line in a process of its own; whatever still runs at the end is killed."""
    started = []

    def start(*arguments, **variables):
        process = subprocess.Popen(
            [sys.executable, "-m", "autoheal", *map(str, arguments)],
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(process, stdin=b""):
    """Give a process its input, wait for its end and return what it left."""
    out, err = process.communicate(stdin, timeout=60)
    return Result(process.returncode, out.decode(), err.decode())


def children_of(pid):
    """Return the command line of each child process, by its id."""
    listed = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid=,args="], check=True, capture_output=True, text=True)
    return {int(pid): line for pid, line in (line.split(maxsplit=1) for line in listed.stdout.splitlines())}


def ends(process):
    """Tell whether a process, given as a pidfd, ends within twenty seconds."""
    ready, _, _ = select.select([process], [], [], 20)
    os.close(process)
    return bool(ready)


@pytest.fixture
def installation(broker, prefix, tmp_path):
    """The settings of an installation of its own, as environment variables."""
    return {
        "AUTOHEAL_BOOTSTRAP_SERVERS": broker.bootstrap,
        "AUTOHEAL_TOPIC_PREFIX": prefix,
        "AUTOHEAL_DATABASE_URL": f"sqlite:///{tmp_path / 'autoheal.db'}",
    }
