"""A task's timeline: every event in order, and why."""

import pytest
from sqlalchemy import insert

from projections import tables as views
from projections.timeline import MAX_EVENTS, highlights
from projections.why import GUARDS, why
from tests.examples import IDEA, TASK, after

EVIDENCE = {"rule": "http-429", "start": 6, "end": 9, "text": "429"}
DIAGNOSED = {
    "failure_id": "failure",
    "error_category": "provider_error",
    "reason": "rate_limit",
    "classified_by": "rules",
    "confidence": 0.9,
    "evidence": [EVIDENCE],
}
REQUESTED = {"retry_count": 1, "strategy_name": "provider_error", "executor_hint": "openrouter"}
SUPPRESSED = {"reason": "cooldown", "cooldown_scope": "provider_error", "retry_at": "2026-11-22T12:15:00Z"}


def event(name, type_, at=0, topic="tasks", **columns):
    """The row of an event."""
    return {
        "task_id": TASK,
        "event_id": name,
        "logged_at": after(at),
        "type": type_,
        "record_topic": f"autoheal.{topic}",
        "record_partition": 1,
        "record_offset": 0,
        "details": {},
        "causation_id": None,
        "output": None,
    } | columns


def given(tables, *events):
    """A task, and what happened to it."""
    row = {"task_id": TASK, "idea_id": IDEA, "status": "failed", "status_at": after(0), "last_event_at": after(0)}
    with tables.begin() as connection:
        connection.execute(insert(views.tasks).values(row))
        connection.execute(insert(views.task_events), list(events))


async def test_events_come_in_order_cause_before_effect(tables, client):
    """Log time orders them; what our agents decided has that of its cause and comes behind it."""
    given(
        tables,
        event("later", "task.started", 60, record_offset=0),
        event("decision", "heal.requested", topic="heals", details=REQUESTED),
        event("diagnosis", "failure.diagnosed", topic="failures", record_offset=9, details=DIAGNOSED),
        event("failure", "task.failed", record_offset=7, output="HTTP: 429"),
        event("progress", "task.progressed", record_offset=6),
    )
    answer = (await client.get(f"/api/tasks/{TASK}/timeline")).json()
    order = ["progress", "failure", "diagnosis", "decision", "later"]
    assert [each["event_id"] for each in answer["events"]] == order
    assert (answer["task"]["task_id"], answer["task"]["idea_id"]) == (TASK, IDEA)
    failure = answer["events"][1]
    assert failure["record"] == {"topic": "autoheal.tasks", "partition": 1, "offset": 7}
    assert (failure["output"], failure["highlights"], failure["why"]) == ("HTTP: 429", [[6, 9]], None)


async def test_a_long_timeline_is_its_newest_events(tables, client):
    """Of a task that reports progress for days the newest events are shown, in order, and that older ones are not."""
    given(tables, *(event(f"{at:04}", "task.progressed", at, record_offset=at) for at in range(MAX_EVENTS)))
    whole = (await client.get(f"/api/tasks/{TASK}/timeline")).json()
    with tables.begin() as connection:
        connection.execute(insert(views.task_events), [event("last", "task.failed", MAX_EVENTS, output="429")])
    cut = (await client.get(f"/api/tasks/{TASK}/timeline")).json()
    assert (len(whole["events"]), whole["truncated"]) == (MAX_EVENTS, False)
    assert (len(cut["events"]), cut["truncated"]) == (MAX_EVENTS, True)
    assert [cut["events"][place]["event_id"] for place in (0, -1)] == ["0001", "last"]


async def test_a_decision_says_why(tables, client):
    """A diagnosis names rule and evidence, a heal its strategy, a suppression its guard and until when."""
    given(
        tables,
        event("a", "failure.diagnosed", 0, "failures", details=DIAGNOSED),
        event("b", "heal.requested", 1, "heals", details=REQUESTED | {"cooldown_until": "2026-11-22T12:15:00Z"}),
        event("c", "heal.suppressed", 2, "heals", details=SUPPRESSED),
    )
    diagnosis, heal, suppression = (
        {name: value for name, value in each["why"].items() if value is not None}
        for each in (await client.get(f"/api/tasks/{TASK}/timeline")).json()["events"]
    )
    assert diagnosis == {
        "text": "The rule http-429 speaks for provider_error (rate_limit), 90% sure.",
        "rule": "http-429",
        "evidence": [EVIDENCE],
    }
    assert heal == {
        "text": "No guard stands against it: heal 1 of this task, by the strategy provider_error on openrouter.",
        "strategy": "provider_error",
        "cooldown_until": "2026-11-22T12:15:00Z",
    }
    assert suppression == {
        "text": "No heal, because a heal was requested a moment ago in the scope provider_error.",
        "guard": "cooldown",
        "retry_at": "2026-11-22T12:15:00Z",
    }


async def test_a_task_that_nobody_knows(client):
    """It is a 404 that names it, whatever its id looks like."""
    answer = await client.get("/api/tasks/repo%2F42%00/timeline")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Task repo/42\ufffd is not known"})


async def test_a_task_of_which_only_events_are_known(tables, client):
    """Its timeline is shown, the task itself is null; its id may have slashes."""
    with tables.begin() as connection:
        connection.execute(insert(views.task_events), [event("a", "task.started", task_id="repo/42")])
    answer = (await client.get("/api/tasks/repo%2F42/timeline")).json()
    assert (answer["task"], [each["event_id"] for each in answer["events"]]) == (None, ["a"])


@pytest.mark.parametrize(
    ("type_", "details", "text"),
    [
        ("failure.diagnosed", DIAGNOSED | {"classified_by": "producer"}, "The producer says that it is provider_error"),
        ("failure.diagnosed", DIAGNOSED | {"evidence": []}, "No words of the output speak for a cause: provider_error"),
        ("heal.succeeded", {"elapsed_seconds": 61.2}, "The heal task completed 61 s after the failure."),
        ("heal.failed", {}, "The heal task failed."),
        ("heal.expired", {}, "Nobody picked the heal up in time."),
        ("task.requested", {"task_type": "impl", "kind": "retry"}, "The impl phase goes on: retry."),
        ("task.decision_needed", {"reason": "heal_failed"}, "Automation is at its end, a person decides: heal_failed."),
        ("task.deadline_extended", {"extensions_granted": 1, "deadline": "noon"}, "Its runner is alive: extension 1"),
        ("task.duplicate_detected", {"duplicate_of": "task_1"}, "It repeats task_1, which is active."),
        *(("heal.suppressed", {"cooldown_scope": "x", "reason": guard}, "No heal, because ") for guard in GUARDS),
    ],
)
def test_every_decision_has_a_sentence(type_, details, text):
    """It begins with what was decided, also where optional fields are missing."""
    assert why(type_, details).text.startswith(text)


@pytest.mark.parametrize(
    ("output", "evidence", "spans"),
    [
        ("429 then 429", [{"start": 9, "text": "429"}], [(9, 12)]),
        ("429 then 429", [{"start": 0, "text": "429"}], [(0, 3)]),
        ("tail: 429", [{"start": 90_000, "text": "429"}], [(6, 9)]),
        ("nothing", [{"start": 0, "text": "429"}, {"start": 0, "text": ""}], []),
        ("abcdef", [{"start": 2, "text": "cde"}, {"start": 0, "text": "abc"}], [(0, 5)]),
    ],
)
def test_evidence_is_found_in_an_output_that_was_masked_or_cut(output, evidence, spans):
    """The place nearest to where the rule saw it; overlapping places are one."""
    assert highlights(output, evidence) == spans
