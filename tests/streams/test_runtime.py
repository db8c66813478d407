"""The runtime: batches of records in, rows and records out; nothing stops it and nothing is lost."""

from dataclasses import replace

import orjson
import pytest

from events import FailureDiagnosed, RecordDeadLettered, Topics, decode, encode
from events.topics import partition_of
from streams.decider import Agent, Decision
from streams.record import Record
from streams.runtime import Runtime, newer
from streams.work import WORK, TaskRow
from tests.examples import NOON, OTHER_TASK, TASK, failed
from tests.streams.scenario import packaged

PARTITIONS = 4
KEY = TASK.encode()
HOME = partition_of(KEY, PARTITIONS)


def record(value, offset=0, key=KEY, partition=HOME, topic="autoheal.tasks"):
    """Return a record at noon, where all of `TASK` belongs unless told otherwise."""
    return Record(topic, partition, offset, int(NOON.timestamp() * 1000), key, value)


def run(*records, agent=WORK, rows=None):
    """Run an agent over one batch and return its outcome."""
    runtime = Runtime(agent, Topics(), PARTITIONS, packaged())
    return runtime.process(records, (rows or {}).get, generation=7)


def published(outcome, topic):
    """Return the events that an outcome publishes on a topic."""
    outputs = outcome.outputs.items()
    return [decode(value) for (name, _), records in outputs if name == topic for _, value, _ in records]


# Rows


def test_a_batch_writes_each_touched_row_once():
    """Two failures of a task are one row, with the coordinate of the last."""
    outcome = run(record(encode(failed()), 10), record(encode(failed(1)), 11))
    (row,) = outcome.rows.values()
    assert orjson.loads(row)["applied"] == {f"autoheal.tasks/{HOME}": {"settled": 12, "beyond": []}}
    assert orjson.loads(row)["generation"] == 7


def test_a_record_that_the_row_contains_is_skipped():
    """After a crash the batch comes again: what its rows say was done is not done twice."""
    batch = [record(encode(failed(at)), at) for at in range(3)]
    outcome = run(*batch, rows=run(*batch[:2]).rows)
    assert len(published(outcome, "autoheal.failures")) == 0
    assert len(orjson.loads(outcome.rows[KEY])["row"]["waiting"]) == 2


def test_a_row_that_learns_nothing_is_not_written():
    """Nothing new, no changelog."""
    event = failed(task_id="heal-1", task_type="heal")
    first = run(record(encode(event), key=b"heal-1", partition=partition_of(b"heal-1", PARTITIONS)))
    again = run(record(encode(event), 5, b"heal-1", partition_of(b"heal-1", PARTITIONS)), rows=first.rows)
    assert again.rows == {}


def test_a_row_is_what_the_table_says():
    """What a runtime wrote last may not have got there: then the same batch comes again, and says the same again."""
    runtime = Runtime(WORK, Topics(), PARTITIONS, packaged())
    first, second = record(encode(failed()), 0), record(encode(failed(1)), 1)
    written = runtime.process([first], {}.get).rows
    lost = runtime.process([second], written.get)
    assert lost.rows[KEY] != written[KEY]
    assert runtime.process([second], written.get) == lost


# Records that do not belong or cannot be read


@pytest.mark.parametrize(("key", "partition"), [(b"other", HOME), (None, HOME), (KEY, (HOME + 1) % 4)])
def test_a_misplaced_record_is_published_again_where_it_belongs(key, partition):
    """Under the wrong key, or in a partition that another partitioner chose: nothing is decided here."""
    value = encode(failed())
    outcome = run(record(value, key=key, partition=partition))
    assert outcome.rows == {}
    assert outcome.outputs == {("autoheal.tasks", HOME): [(KEY, value, int(NOON.timestamp() * 1000))]}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "Invalid JSON"),
        (None, "the record is empty"),
        (b'{"type": "autoheal.task.lost.v1"}', "no event type of ours"),
        (b"x" * ((1 << 20) + 1), "more than 1048576"),
    ],
)
def test_what_is_no_event_goes_to_the_dead_letters(value, reason):
    """With its coordinates and a reason; the records around it are decided."""
    outcome = run(record(encode(failed()), 0), record(value, 1), record(encode(failed(1, task_id=OTHER_TASK)), 2))
    (letter,) = published(outcome, "autoheal.dead-letters")
    assert reason in letter.data.reason
    assert (letter.data.topic, letter.data.partition, letter.data.offset) == ("autoheal.tasks", HOME, 1)
    assert len(published(outcome, "autoheal.failures")) == 1


def test_a_dead_letter_is_masked_and_never_too_large():
    """The log keeps the whole record as it was; what leaves has no secret in it."""
    (letter,) = published(run(record(b"password=hunter2-long " + b"\xff" * 900_000)), "autoheal.dead-letters")
    assert letter.data.raw.startswith(r"password=*** \xff")
    assert letter.data.raw_truncated
    assert len(encode(letter)) < 1 << 20


def test_the_same_record_again_is_the_same_dead_letter():
    """Its id follows from its coordinates."""
    first, second = (published(run(record(b"{", 3)), "autoheal.dead-letters")[0] for _ in "ab")
    assert first == second


def test_a_decider_that_raises_loses_only_that_record():
    """The dead letter has the traceback; the others of the batch are decided."""

    def brittle(row, event, at, control):
        if event.id == "poison":
            raise ZeroDivisionError("division by zero")
        return WORK.decide(row, event, at, control)

    poison, fine = record(encode(failed(id="poison")), 0), record(encode(failed(1)), 1)
    outcome = run(poison, fine, agent=replace(WORK, decide=brittle))
    (letter,) = published(outcome, "autoheal.dead-letters")
    assert letter.data.reason == "the agent failed on it: ZeroDivisionError: division by zero"
    assert "brittle" in letter.data.traceback
    assert len(published(outcome, "autoheal.failures")) == 1


def test_an_event_of_a_producer_cannot_pretend_to_be_derived():
    """On a topic that anybody writes, the record's coordinate counts and not the event's own origin."""
    event = failed().model_copy(update={"origin": "autoheal.tasks/0@999999#0"})
    (row,) = run(record(encode(event), 4)).rows.values()
    assert orjson.loads(row)["applied"] == {f"autoheal.tasks/{HOME}": {"settled": 5, "beyond": []}}


def test_log_time_is_the_brokers():
    """A producer's own clock is recorded and never trusted."""
    (diagnosed,) = published(run(record(encode(failed(86_400)))), "autoheal.failures")
    assert isinstance(diagnosed, FailureDiagnosed)
    assert diagnosed.time == NOON


def test_each_emitted_event_has_the_coordinate_of_its_record():
    """Several events of one record are numbered."""

    def twice(row, event, at, control):
        decision = WORK.decide(row, event, at, control)
        return Decision(decision.row, decision.emits * 2)

    agent = Agent("twice", ("tasks",), TaskRow, WORK.key, twice)
    events = published(run(record(encode(failed()), 8), agent=agent), "autoheal.failures")
    assert [event.origin for event in events] == [f"autoheal.tasks/{HOME}@8#{index}" for index in (0, 1)]


def test_a_derived_event_says_where_its_batch_began():
    """Below that, nothing comes for the first time any more."""
    outcome = run(*(record(encode(failed(offset, heal_task_id="its own")), offset) for offset in (7, 8)))
    origins = [(event.origin, event.settled) for event in published(outcome, "autoheal.failures")]
    assert origins == [(f"autoheal.tasks/{HOME}@7#0", 7), (f"autoheal.tasks/{HOME}@8#0", 7)]


def test_dead_letters_are_events():
    """They are read like all others."""
    (letter,) = published(run(record(b"{")), "autoheal.dead-letters")
    assert isinstance(letter, RecordDeadLettered)


# Rows in the changelog


def row(generation=1, **applied):
    """Return a stored row that contains so much of each source."""
    progress = {source: {"settled": offset, "beyond": [[offset, 0]]} for source, offset in applied.items()}
    return orjson.dumps({"row": {}, "applied": progress, "generation": generation})


@pytest.mark.parametrize(
    ("stored", "incoming", "replaces"),
    [
        (row(tasks=1), row(tasks=2), True),
        (row(tasks=2), row(tasks=2), True),
        (row(tasks=2), row(tasks=1), False),
        (row(tasks=2), row(generation=2, tasks=1), False),
        (row(tasks=2, heals=1), row(tasks=2), False),
        (row(tasks=2), row(tasks=2, heals=1), True),
        (row(2, tasks=1, heals=2), row(1, tasks=2, heals=1), False),
        (row(1, tasks=2, heals=1), row(2, tasks=1, heals=2), True),
    ],
)
def test_the_row_that_contains_more_wins(stored, incoming, replaces):
    """Whatever order they were written in; where neither contains the other, the later owner's."""
    assert newer(stored, incoming) is replaces
