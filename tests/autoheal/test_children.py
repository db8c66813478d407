"""Child processes end with us, and their lines are ours."""

import asyncio
import os
import signal
import sys

import pytest

from autoheal.children import ChildEndedError, child, first_to_end
from tests.autoheal.conftest import ends

SLEEPS = ("sleep", "60")


@pytest.fixture
def lines():
    """What the children printed, with who printed it."""
    return []


def start(lines, *command, name="sleeper"):
    """Return a child that appends to the lines."""
    return child(name, *command, environment={"WORD": "hello"}, on_line=lambda *line: lines.append(line))


async def test_it_runs_for_the_length_of_the_block(lines):
    """It is asked to end at the end of the block."""
    async with start(lines, *SLEEPS) as process:
        assert process.returncode is None
    assert process.returncode == -signal.SIGTERM


async def test_its_lines_are_handed_on(lines):
    """Errors too, however long, and each with the child's name."""
    async with start(
        lines, "sh", "-c", "echo $WORD; head -c 100000 /dev/zero | tr '\\0' x; echo; echo oops >&2"
    ) as process:
        await process.wait()
    assert lines == [("sleeper", "hello"), ("sleeper", "x" * 100_000), ("sleeper", "oops")]


async def test_one_that_does_not_want_to_end_is_killed(lines, monkeypatch):
    """With whatever it started."""
    monkeypatch.setattr("autoheal.children.STOP_S", 0.2)
    async with start(lines, "sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait; sleep 60") as process:
        while not lines:  # noqa: ASYNC110 - who appends to them sets no event
            await asyncio.sleep(0.01)
        grandchild = os.pidfd_open(int(lines[0][1]))
    assert process.returncode == -signal.SIGKILL
    assert ends(grandchild)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; sys.exit(3)", "the short ended with exit code 3"),
        ("import os; os.abort()", "the short was ended by SIGABRT"),
    ],
)
async def test_one_that_ends_by_itself_is_named(lines, script, message):
    """With the way it ended."""
    async with start(lines, *SLEEPS) as long, start(lines, sys.executable, "-c", script, name="short") as short:
        with pytest.raises(ChildEndedError, match=message):
            await first_to_end({"long": long, "short": short})
