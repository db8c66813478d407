"""Crashes whose batch comes back after another topic's, so that it says more than it said before."""

from functools import partial

import pytest

from events import HealRequested, HealSuppressed
from tests.examples import IDEA, OTHER_TASK, failed
from tests.streams.cluster import PARTITIONS, Cluster
from tests.streams.scenario import packaged

WORK, HEAL = 0, 1
failure_of = partial(failed, idea_id=IDEA)


@pytest.fixture
def cluster():
    return Cluster(packaged())


def step(cluster, agent, topic, crash=None):
    """Let an agent take all that there is of a topic, in each partition."""
    for partition in range(PARTITIONS):
        cluster.step((agent, f"autoheal.{topic}", partition), 100, crash)


def decided(cluster):
    """Return the failures that have a decision."""
    decisions = [event for event in cluster.events("heals") if isinstance(event, HealRequested | HealSuppressed)]
    return sorted(decision.data.failure_id for decision in decisions)


def test_what_a_repeated_batch_says_for_the_first_time_is_heard(cluster):
    """A decision that sets a waiting failure free only when it is read again loses nothing."""
    for failure in (
        failure_of(id="a1"),
        failure_of(id="b1", task_id=OTHER_TASK),
        failure_of(id="b2", task_id=OTHER_TASK),
    ):
        cluster.publish(failure)
    step(cluster, WORK, "tasks")
    step(cluster, HEAL, "failures")
    cluster.publish(failure_of(1, id="a2"))
    step(cluster, WORK, "heals", crash="before state")  # says that b2 is next, and forgets it
    step(cluster, WORK, "tasks")  # a2 waits for the decision on a1, which comes once more, ahead of that on b1
    cluster.drain()
    assert decided(cluster) == ["a1", "a2", "b1", "b2"]


def test_a_failure_behind_one_that_was_decided_meanwhile_is_heard(cluster):
    """A batch of failures that comes back after the decision on its first one says what comes behind that."""
    for failure in (failure_of(id="a1"), failure_of(id="a2"), failure_of(id="b1", task_id=OTHER_TASK)):
        cluster.publish(failure)
    step(cluster, WORK, "tasks", crash="before state")  # says a1 and b1, and forgets that a2 waits
    step(cluster, HEAL, "failures")
    step(cluster, WORK, "heals")
    cluster.drain()
    assert decided(cluster) == ["a1", "a2", "b1"]
