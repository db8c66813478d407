"""The recorded mix."""

from collections import Counter

import pytest

from bench.mix import PARTITIONS, count_failures, created, generate, up_to_last_failures
from bench.outputs import MAX_BYTES, MIN_BYTES
from events import TaskCompleted, TaskFailed, decode
from events.topics import partition_of

TASKS = 1000


@pytest.fixture(scope="module")
def mix():
    """A small mix, all of whose properties a large one has too."""
    return generate(TASKS)


def test_the_same_seed_gives_the_same_bytes(mix):
    """Another seed gives others."""
    assert generate(TASKS) == mix
    assert generate(TASKS, seed=12) != mix


def test_a_tenth_of_the_events_are_failures(mix):
    """Each of the tasks that fail does so once, so all decisions are about distinct tasks."""
    assert count_failures(mix) == TASKS * 4 // 10
    assert count_failures(mix) / len(mix) == pytest.approx(0.1, rel=0.05)
    assert len({record.failure_id for record in mix} - {None}) == count_failures(mix)


def test_every_partition_ends_with_a_failure(mix):
    """So a contestant has read it all when the last decision is there."""
    last = {record.partition: record.failure_id for record in mix}
    assert set(last) == set(range(PARTITIONS))
    assert None not in last.values()


def test_a_slice_ends_with_failures_too(mix):
    """What is cut off says nothing that a decision is made of."""
    part = up_to_last_failures(mix[:1000])
    assert count_failures(part) == count_failures(mix[:1000]) > 0
    assert all(record.failure_id for record in {record.partition: record for record in part}.values())


def test_records_are_where_the_worker_expects_them(mix):
    """A misplaced record would be published once more, which no other contestant does."""
    assert all(partition_of(record.key, PARTITIONS) == record.partition for record in mix)


def test_outputs_are_as_long_as_announced(mix):
    """From 400 bytes to 4 KiB."""
    events = [decode(record.value) for record in mix]
    sizes = [len(event.data.output.encode()) for event in events if isinstance(event, TaskFailed | TaskCompleted)]
    assert min(sizes) >= MIN_BYTES
    assert max(sizes) <= MAX_BYTES


def test_what_happens_to_a_task_happens_in_order(mix):
    """Created, started, progressed, ended; only the end of a partition is cut off."""
    lives = Counter()
    order = {"created": 0, "started": 1, "progressed": 2, "failed": 3, "completed": 3}
    for record in mix:
        event = decode(record.value)
        assert order[event.type.split(".")[2]] == lives[event.data.task_id]
        lives[event.data.task_id] += 1
    assert len(lives) == TASKS


def test_rows_to_recover_belong_to_distinct_tasks():
    """As many as asked for."""
    assert len({decode(record.value).data.task_id for record in created(50)}) == 50
