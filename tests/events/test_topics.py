"""Topics, keys and partitions."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from events import EVENT_TYPES, HealSuppressed, TaskFailed, Topics, work_key
from events.topics import NAMES, partition_of, topic_of
from tests.examples import IDEA, RUNNER, TASK


def test_every_event_type_has_a_topic():
    """There is no event that could not be published."""
    assert {topic_of(model.model_fields["type"].default) for model in EVENT_TYPES} == set(NAMES)


def test_the_prefix_keeps_installations_apart():
    """Topic names begin with the prefix."""
    assert Topics("team-a").of("autoheal.task.failed.v1") == "team-a.tasks"


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (TaskFailed.new(RUNNER, task_id=TASK), TASK),
        (TaskFailed.new(RUNNER, task_id=TASK, idea_id=IDEA), IDEA),
        (
            HealSuppressed.new(
                "/autoheal",
                source_task_id=TASK,
                failure_id="f",
                error_category="unknown",
                error_summary="",
                cooldown_scope="unknown",
                reason="cooldown",
            ),
            TASK,
        ),
    ],
)
def test_the_work_key_is_the_idea_else_the_task(event, key):
    """All that happens to one idea is under one key."""
    assert work_key(event) == key


@given(st.binary(min_size=1), st.integers(min_value=1, max_value=64))
def test_keys_go_where_kafkas_own_partitioner_puts_them(key, partitions):
    """Events of any client with the default partitioner meet in one partition."""
    everywhere = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)
