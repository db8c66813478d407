"""`tasks`: what is known of each task now."""

import pytest

from events import (
    TaskCompleted,
    TaskCreated,
    TaskDecisionNeeded,
    TaskFailed,
    TaskProgressed,
    TaskStarted,
    TaskTimedOut,
)
from projections.tables import tasks
from tests.examples import IDEA, NOON, OTHER_TASK, TASK, after, failed, made
from tests.projections.given import diagnosed, entry, fold, requested, row, rows

CREATED = {"task_id": TASK, "idea_id": IDEA, "task_type": "impl", "direction": "Build it with password=hunter2"}


def created(at=0, **data):
    """The task is created."""
    return made(TaskCreated, at, **CREATED | data)


def started(at=0, **data):
    """The task is started by a runner."""
    return made(TaskStarted, at, task_id=TASK, idea_id=IDEA, runner_id="runner-1", provider="openai", **data)


def test_a_task_has_what_its_events_say(tables_of):
    """What was said at its creation, start and end stands in one row, secrets masked."""
    completed = made(TaskCompleted, 90, task_id=TASK, idea_id=IDEA, elapsed_ms=80_000)
    assert row(tables_of(created(), started(10), completed), tasks) == {
        "task_id": TASK,
        "idea_id": IDEA,
        "idea_name": None,
        "task_type": "impl",
        "provider": "openai",
        "runner_id": "runner-1",
        "source_task_id": None,
        "direction": "Build it with password=***",
        "status": "completed",
        "status_at": after(90),
        "created_at": NOON,
        "started_at": after(10),
        "ended_at": after(90),
        "elapsed_ms": 80_000,
        "last_event_at": after(90),
    }


def test_the_name_of_an_idea_is_masked(tables_of):
    """What people write as a name may hold a secret too (S2.1)."""
    assert row(tables_of(created(idea_name="Mend token=abcdef12")), tasks)["idea_name"] == "Mend token=***"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (created(), "pending"),
        (started(), "running"),
        (made(TaskProgressed, task_id=TASK, output_tail="half"), "running"),
        (made(TaskCompleted, task_id=TASK), "completed"),
        (failed(), "failed"),
        (made(TaskTimedOut, task_id=TASK), "timed_out"),
        (made(TaskDecisionNeeded, task_id=TASK, reason="which way?"), "needs_decision"),
    ],
)
def test_one_event_is_enough(tables_of, event, status):
    """A producer may send any one event: the task has its status from then on."""
    assert row(tables_of(event), tasks)["status"] == status


def test_a_task_that_runs_again_is_running(tables_of):
    """A start behind a failure is a new run; when it last ended stays known."""
    task = row(tables_of(started(), failed(10, idea_id=IDEA), started(20)), tasks)
    assert (task["status"], task["started_at"], task["ended_at"]) == ("running", after(20), after(10))


@pytest.mark.parametrize(
    "late",
    [made(TaskProgressed, 20, task_id=TASK, output_tail=""), made(TaskDecisionNeeded, 20, task_id=TASK, reason="")],
)
def test_an_ended_task_stays_ended(tables_of, late):
    """A late sign of work, or a call for a person, does not change how a task ended (S3)."""
    task = row(tables_of(failed(10), late), tasks)
    assert (task["status"], task["status_at"], task["last_event_at"]) == ("failed", after(10), after(20))


def test_a_completion_behind_a_failure_counts(tables_of):
    """A task that completes after it was given up is completed (S4)."""
    assert row(tables_of(failed(), made(TaskCompleted, 10, task_id=TASK)), tasks)["status"] == "completed"


def test_the_same_event_again_is_the_same_event(tables_of):
    """An event that was sent again changes nothing, in its batch, in a later one, or behind later events."""
    first, second = failed(id="once"), made(TaskCompleted, 10, task_id=TASK)
    engine = tables_of(first, first, second)
    before = row(engine, tasks)
    assert row(fold(engine, [first]), tasks) == before
    assert before["status"] == "completed"


def test_an_older_event_fills_gaps_only(tables_of):
    """What an event says that stands earlier in the log of another partition is taken where nothing newer is known."""
    task = row(tables_of(made(TaskCompleted, 10, task_id=TASK, provider="codex"), started()), tasks)
    assert (task["status"], task["provider"], task["runner_id"]) == ("completed", "codex", "runner-1")


def test_what_agents_decide_is_no_fact_of_a_task(tables_of):
    """A diagnosis and a heal make no task: a task is what producers say it is."""
    assert rows(tables_of(diagnosed(), requested()), tasks) == []


def test_a_misplaced_event_waits_for_its_copy(tables_of):
    """A record under another key than its task's is left out: the worker publishes it again where it belongs."""
    event = made(TaskFailed, task_id=OTHER_TASK)
    assert entry(event, key=b"elsewhere") is None
    assert entry(event) is not None
