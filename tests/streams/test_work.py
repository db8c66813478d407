"""Agent work: diagnosis of every failure, one failure of a task after the other (S1, S2)."""

import pytest

from events import FailureDiagnosed, HealSuppressed, TaskCompleted, TaskProgressed, TaskStarted, TaskTimedOut, work_key
from events.topics import partition_of
from streams.work import MAX_WAITING, REMEMBERED_IDS
from tests.examples import IDEA, NOON, OTHER_TASK, RATE_LIMITED, TASK, TRACEBACK, failed, made
from tests.streams.cluster import PARTITIONS, Cluster
from tests.streams.scenario import Scenario, packaged


def diagnosis(event):
    """Return the data of the one diagnosis that an event leads to."""
    (diagnosed,) = Scenario().when(event).only(FailureDiagnosed)
    return diagnosed.data


def bare(**data):
    """Return a failure of which its producer says nothing but these."""
    return failed(**{"error_category": None, "error_summary": None} | data)


# Whose word counts


def test_the_rules_classify_what_the_producer_does_not():
    """Category, summary, reason and evidence come from the output."""
    data = diagnosis(bare(output=RATE_LIMITED, exit_code=1))
    assert (data.error_category, data.reason, data.classified_by) == ("provider_error", "rate_limit", "rules")
    assert "429" in data.error_summary
    assert all(RATE_LIMITED[e.start : e.end] == e.text for e in data.evidence)
    assert data.evidence


def test_the_producers_category_is_kept():
    """One of the five is taken as said, whatever the output says."""
    data = diagnosis(bare(output=TRACEBACK, error_category="validation_failure"))
    assert (data.error_category, data.classified_by, data.confidence) == ("validation_failure", "producer", 1.0)


def test_the_producers_summary_is_kept_and_tidied():
    """White space is folded, secrets are masked, 500 characters stay."""
    said = "  deploy failed:\n  password=hunter2-long  " + "x" * 600
    data = diagnosis(bare(error_summary=said))
    assert data.error_summary.startswith("deploy failed: password=*** xxx")
    assert len(data.error_summary) == 500


def test_a_summary_alone_is_classified():
    """Without an output the producer's summary is what the rules read."""
    assert diagnosis(bare(error_summary=RATE_LIMITED)).error_category == "provider_error"


@pytest.mark.parametrize("output", [None, "", " \n\t "])
def test_nothing_to_go_by_is_unknown(output):
    """The failure still has a diagnosis and a decision."""
    data = diagnosis(bare(output=output))
    assert (data.error_category, data.error_summary) == ("unknown", "No diagnostics provided")


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ({}, "timeout"),
        ({"output": "still working\n"}, "timeout"),
        ({"output": TRACEBACK}, "executor_crash"),
        ({"partial_output": RATE_LIMITED}, "provider_error"),
        ({"error_category": "unknown"}, "unknown"),
    ],
)
def test_a_timed_out_task_without_better_evidence_is_a_timeout(said, category):
    """Evidence in its output, and its producer's word, are better."""
    assert diagnosis(made(TaskTimedOut, task_id=TASK, **said)).error_category == category


def test_a_bare_time_out_is_certain():
    """Its runner says so: no rule has to be believed."""
    data = diagnosis(made(TaskTimedOut, task_id=TASK, reason="deadline"))
    assert (data.reason, data.confidence, data.classified_by) == ("deadline", 1.0, "producer")


def test_a_reaped_task_has_the_category_of_its_reaper():
    """The reaper's diagnosis is taken as said (S4)."""
    reaped = {"runner_alive": False, "error_class": "executor_crash", "partial_output_chars": 0}
    reaped |= {"partial_output_pct": 0, "extensions_granted": 2, "reaped_at": NOON}
    event = made(TaskTimedOut, task_id=TASK, reason="stale_task_reaped", diagnosis=reaped)
    assert diagnosis(event).error_category == "executor_crash"


def test_a_diagnosis_names_the_failure_and_its_origin():
    """Lineage: the failure's id, as cause too, and the coordinate of its record."""
    event = failed()
    (diagnosed,) = Scenario().when(event).only(FailureDiagnosed)
    assert (diagnosed.causationid, diagnosed.data.failure_id) == (event.id, event.id)
    assert (diagnosed.origin, diagnosed.time) == ("autoheal.tasks/0@0#0", event.time)


# What is no failure


@pytest.mark.parametrize(
    "event",
    [
        made(TaskStarted, task_id=TASK, task_type="impl"),
        made(TaskProgressed, task_id=TASK, output_tail="42 %"),
        made(TaskCompleted, task_id=TASK),
    ],
)
def test_other_events_of_a_task_lead_to_nothing(event):
    """Only failures are diagnosed."""
    assert Scenario().when(event).derived == []


def test_equal_ids_of_different_tasks_are_different_events():
    """Two producers may both count from 1: their decisions do not get each other's ids."""
    scenario = Scenario().when(failed(id="1"), failed(1000, id="1", task_id=OTHER_TASK))
    scenario.then("heal task_42 #1", "heal task_43 #1")
    assert len({event.id for event in scenario.derived}) == 4


# One failure of a task after the other


@pytest.fixture
def cluster():
    """Agents that read only when they are told to."""
    return Cluster(packaged())


def inputs_of(cluster, topic, key):
    """Return the input of the agent that reads a topic, in the partition of a key."""
    place = (cluster.topics.named(topic), partition_of(key.encode(), PARTITIONS))
    return next(which for which in cluster.inputs if which[1:] == place)


def told(cluster):
    """Return each decision as its task and why there is no heal, in order."""
    return [(e.data.source_task_id, getattr(e.data, "reason", "heal")) for e in cluster.events("heals")]


def test_failures_in_one_batch_are_decided_one_by_one(cluster):
    """The second waits until the first one's heal is known, and finds it open."""
    for at in (0, 1000, 2000):
        cluster.publish(failed(at))
    cluster.drain()
    assert told(cluster) == [(TASK, "heal"), (TASK, "already_healing"), (TASK, "already_healing")]


def test_a_failure_behind_a_suppressed_one_gets_its_own_chance(cluster):
    """What is decided live is what a replay decides: cooldown, then the heal once it is over."""
    for event in (failed(task_id=OTHER_TASK, idea_id=IDEA), failed(1, idea_id=IDEA), failed(900, idea_id=IDEA)):
        cluster.publish(event)
    cluster.drain()
    assert told(cluster) == [(OTHER_TASK, "heal"), (TASK, "cooldown"), (TASK, "heal")]


def test_a_decision_that_is_known_before_its_failure_is_read_again_is_not_awaited(cluster):
    """A crash before the row was written does not make the next failure wait for ever."""
    cluster.publish(failed(task_id=OTHER_TASK))
    cluster.drain()
    first, second = failed(1), failed(2)
    cluster.publish(first)
    cluster.step(inputs_of(cluster, "tasks", work_key(first)), 1, "before state")
    cluster.step(inputs_of(cluster, "failures", "provider_error"), 1)
    cluster.step(inputs_of(cluster, "heals", work_key(first)), 1)
    cluster.publish(second)
    cluster.drain()
    assert told(cluster) == [(OTHER_TASK, "heal"), (TASK, "cooldown"), (TASK, "cooldown")]


def test_a_row_stays_small_when_a_task_fails_faster_than_it_is_decided(cluster):
    """Behind 64 waiting failures the next is suppressed: a recovery of the task is being decided."""
    events = [failed(number) for number in range(MAX_WAITING + 2)]
    for event in events:
        cluster.publish(event)
    cluster.drain()
    decisions = cluster.events("heals")
    assert len(decisions) == len(events)
    assert [d.data.reason for d in decisions if d.data.failure_id == events[-1].id] == ["already_healing"]


def test_the_last_64_failures_of_a_task_are_remembered():
    """A failure that comes again after 63 others is still the same event."""
    events = [failed(number, retry_count=3) for number in range(REMEMBERED_IDS)]
    scenario = Scenario().given(*events)
    assert scenario.when(events[0]).derived == []


def test_reasons_are_decisions_too():
    """Each suppression is an event of its own, with the failure that it is about."""
    event = failed(retry_count=3)
    (suppressed,) = Scenario().when(event).only(HealSuppressed)
    assert suppressed.data.failure_id == event.id
    assert suppressed.source == "/autoheal"
    assert suppressed.subject == TASK
