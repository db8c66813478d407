"""The demo's verdict can be a bad one."""

import io

import pytest
from rich.console import Console

from autoheal.demo.narrator import Narrator
from autoheal.demo.story import Story
from autoheal.settings import Settings
from projections.database import open_database
from tests.projections.given import diagnosed, fold, requested

FAILURE, DATABASE = "failure_1", "sqlite:///demo.db"


@pytest.fixture
def said():
    """What the narrator has said."""
    return io.StringIO()


@pytest.fixture
def story(said, monkeypatch):
    """A story of one failure, with a database that knows its diagnosis and its heal."""
    monkeypatch.setattr("autoheal.demo.story.SETTLED_S", 0.2)
    story = Story(Settings(database_url=DATABASE), Narrator(Console(file=said), failures=1))
    story._failures.append(FAILURE)
    fold(open_database(DATABASE), [diagnosed(FAILURE), requested(FAILURE)])
    return story


@pytest.mark.parametrize(
    ("decisions", "code", "verdict"),
    [
        (1, 0, "1 failures, each with exactly one decision"),
        (0, 1, f"failure {FAILURE} got 0 decisions"),
        (2, 1, f"failure {FAILURE} got 2 decisions"),
    ],
)
async def test_each_failure_needs_exactly_one_decision(story, said, decisions, code, verdict):
    """None is too few and two are too many."""
    story.watcher.decisions[FAILURE] = {str(number): requested(FAILURE) for number in range(decisions)}
    assert await story._verdict() == code
    assert verdict in said.getvalue()


async def test_the_database_has_to_agree(story, said):
    """A failure that is not counted, or not decided there, is a bad end."""
    story.watcher.decisions[FAILURE] = {"1": requested(FAILURE)}
    fold(open_database(DATABASE), [diagnosed("undecided")])
    assert await story._verdict() == 1
    assert "the database counts 2 failures, not 1" in said.getvalue()
