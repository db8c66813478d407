"""`task_events`: the timeline of each task."""

import pytest

from events import TaskCompleted, TaskCreated, TaskDecisionNeeded, TaskProgressed, TaskTimedOut
from projections.tables import task_events
from projections.task_events import CUT, HEAD_CHARS, TAIL_CHARS
from tests.examples import IDEA, NOON, RATE_LIMITED, TASK, failed, made
from tests.projections.given import concluded, dead_lettered, diagnosed, entry, requested, row, rows, suppressed


def test_an_event_is_a_line_of_its_task(tables_of):
    """A line says what happened, when, why, and where it stands in the log."""
    event = failed(id="f1", idea_id=IDEA, output=RATE_LIMITED, exit_code=1)
    assert row(tables_of(event), task_events) == {
        "event_id": "f1",
        "task_id": TASK,
        "logged_at": NOON,
        "type": "task.failed",
        "causation_id": None,
        "record_topic": "autoheal.tasks",
        "record_partition": 0,
        "record_offset": entry(event).offset,
        "details": {
            "task_id": TASK,
            "idea_id": IDEA,
            "exit_code": 1,
            "error_category": "provider_error",
            "error_summary": "429 from the provider",
        },
        "output": RATE_LIMITED,
    }


def test_decisions_are_lines_of_the_task_that_failed(tables_of):
    """Diagnosis, decision and outcome stand in the timeline of the task that they are about, not of the heal."""
    lines = rows(tables_of(diagnosed("a"), requested("a"), suppressed("b"), concluded("failed")), task_events)
    assert {line["task_id"] for line in lines} == {TASK}
    assert sorted(line["type"] for line in lines) == [
        "failure.diagnosed",
        "heal.failed",
        "heal.requested",
        "heal.suppressed",
    ]


@pytest.mark.parametrize("event", [dead_lettered(), made(TaskDecisionNeeded, idea_id=IDEA, reason="which way?")])
def test_what_is_about_no_task_is_no_line(tables_of, event):
    """An event that names no task is in no timeline."""
    assert rows(tables_of(event), task_events) == []


@pytest.mark.parametrize(
    "event",
    [
        made(TaskCompleted, task_id=TASK, output="done"),
        made(TaskProgressed, task_id=TASK, output_tail="half", output_chars=4),
    ],
)
def test_only_failures_keep_their_output(tables_of, event):
    """What a task printed stays in the log; of a failure it is kept, to show the evidence in it."""
    line = row(tables_of(event), task_events)
    assert line["output"] is None
    assert not {"output", "output_tail"} & line["details"].keys()


def test_a_time_out_keeps_the_partial_output(tables_of):
    """The reaper knows what a task printed so far."""
    assert row(tables_of(made(TaskTimedOut, task_id=TASK, partial_output="half")), task_events)["output"] == "half"


def test_secrets_are_masked(tables_of):
    """Neither what an event says, however deep, nor the output lets a secret out (S2.1)."""
    secret = "sk-proj-abcdefghijklmnop1234"
    creation = made(TaskCreated, task_id=TASK, task_type="impl", context={"steps": [{"run": f"curl -H {secret}"}]})
    lines = rows(tables_of(creation, failed(output=f"token={secret}", error_summary=f"no {secret}")), task_events)
    assert secret not in repr(lines)
    assert [line["output"] for line in lines if line["output"]] == ["token=***"]


def test_what_is_named_a_secret_is_masked(tables_of):
    """The value of a password is a secret whatever it looks like; a name that only resembles one keeps its value."""
    context = {"password": "hunter2", "env": {"API_KEY": 42, "path": "/bin"}, "tokens": 3}
    line = row(tables_of(made(TaskCreated, task_id=TASK, task_type="impl", context=context)), task_events)
    masked = {"password": "***", "env": {"API_KEY": "***", "path": "/bin"}, "tokens": 3}
    assert line["details"]["context"] == masked


def test_nobody_vouches_for_what_a_producer_says(tables_of):
    """A producer's event is masked also where it says of itself that an agent derived it (S2.1)."""
    event = failed(error_summary="password=hunter2").model_copy(update={"origin": "autoheal.tasks/0@1#0"})
    assert row(tables_of(event), task_events)["details"]["error_summary"] == "password=***"


def test_a_number_beyond_64_bits_is_text(tables_of):
    """A number that the databases' JSON does not know does not stop the projector."""
    event = made(TaskCreated, task_id=TASK, task_type="impl", context={"n": 10**30, "most": -(2**63) + 1})
    details = row(tables_of(event), task_events)["details"]
    assert details["context"] == {"n": "1" + 30 * "0", "most": -(2**63) + 1}


def test_a_long_output_keeps_head_and_tail(tables_of):
    """Of an output that is too long for a row the middle is left out, visibly."""
    output = row(tables_of(failed(output="a" * HEAD_CHARS + "b" * 100 + "c" * TAIL_CHARS)), task_events)["output"]
    assert output == "a" * HEAD_CHARS + CUT + "c" * TAIL_CHARS
