"""What holds over any history, with crashes between any two steps."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from events import CATEGORIES, HealFailed, HealRequested, HealSuppressed, TaskFailed, decode, encode
from streams.replay import Replay
from tests.examples import RUNNER, after, made
from tests.streams.cluster import Cluster
from tests.streams.scenario import packaged

TASKS = ("t1", "t2", "t3")
moments = st.integers(min_value=0, max_value=4000)
failures = st.tuples(st.just("fail"), st.sampled_from(TASKS), st.sampled_from(CATEGORIES[:3]), moments)
again = st.tuples(st.just("again"), st.integers(min_value=0, max_value=9))
outcomes = st.tuples(st.just("outcome"), st.sampled_from(TASKS), moments)
crashes = st.sampled_from([None, None, "before effects", "before state", "before offset"])
steps = st.tuples(st.just("step"), st.integers(min_value=0, max_value=99), st.integers(1, 4), crashes)
histories = st.lists(st.one_of(failures, steps, failures, steps, again, outcomes), max_size=40)


def live(history):
    """Run a history on workers that crash, and let them finish."""
    cluster, published = Cluster(packaged()), []
    for number, action in enumerate(history):
        match action:
            case "fail", task, category, at:
                said = {"task_id": task, "error_category": category}
                published.append(TaskFailed.new(RUNNER, id=f"f{number}", time=after(at), **said))
                cluster.publish(published[-1])
            case "again", index if index < len(published):
                cluster.publish(published[index])
            case "step", index, size, crash:
                cluster.step(cluster.inputs[index % len(cluster.inputs)], size, crash)
            case "outcome", task, at:
                _close(cluster, task, at)
    cluster.drain()
    return cluster, published


def _close(cluster, task, at):
    requested = [e for e in cluster.events("heals") if isinstance(e, HealRequested) and e.data.source_task_id == task]
    if requested:
        heal = requested[-1].data
        said = heal.model_dump(include={"heal_task_id", "source_task_id", "error_category", "strategy_name"})
        cluster.publish(made(HealFailed, at, **said))


@settings(max_examples=300, deadline=None)
@given(histories)
def test_every_failure_gets_exactly_one_decision(history):
    """Failed = healed + suppressed, per category, whatever crashed and whatever was published twice."""
    cluster, published = live(history)
    decisions = [e for e in cluster.events("heals") if isinstance(e, HealRequested | HealSuppressed)]
    assert sorted(d.data.failure_id for d in decisions) == sorted(f.id for f in published)
    assert Counter(d.data.error_category for d in decisions) == Counter(f.data.error_category for f in published)


@settings(max_examples=300, deadline=None)
@given(histories)
def test_a_decision_that_is_published_again_says_the_same(history):
    """Equal ids are equal bytes, but for the coordinate that they came from."""
    cluster, _ = live(history)
    for partition in (0, 1):
        said = {}
        for record in cluster.log[cluster.topics.named("heals"), partition]:
            event = decode(record.value).model_copy(update={"origin": None})
            assert said.setdefault(event.id, event) == event


@settings(max_examples=300, deadline=None)
@given(histories)
def test_no_cooldown_is_violated(history):
    """Heals of a scope are at least its cooldown apart in log time."""
    cluster, _ = live(history)
    strategies = packaged().policy.strategies
    heals = defaultdict(list)
    for event in cluster.events("heals"):
        if isinstance(event, HealRequested):
            heals[event.data.cooldown_scope].append(event.time)
    for category, times in heals.items():
        cooldown = timedelta(seconds=strategies[category].cooldown_seconds)
        assert all(later - earlier >= cooldown for earlier, later in pairwise(sorted(times)))


@settings(max_examples=300, deadline=None)
@given(histories)
def test_attempts_are_numbered_without_gaps_and_stay_in_their_budget(history):
    """Heals of a task count 1, 2, 3 and stop at their category's limit."""
    cluster, _ = live(history)
    attempts = defaultdict(list)
    for event in cluster.events("heals"):
        if isinstance(event, HealRequested):
            attempts[event.data.source_task_id].append(event.data)
    for heals in attempts.values():
        assert sorted(heal.retry_count for heal in heals) == list(range(1, len(heals) + 1))
        limits = packaged().policy.strategies
        assert all(heal.retry_count <= limits[heal.error_category].max_retries for heal in heals)


@settings(max_examples=100, deadline=None)
@given(st.lists(failures, max_size=30))
def test_a_replay_is_byte_identical(history):
    """The same log gives the same bytes."""
    lines = [
        encode(TaskFailed.new(RUNNER, id=f"f{number}", time=after(at), task_id=task, error_category=category))
        for number, (_, task, category, at) in enumerate(history)
    ]
    first, second = ([raw for line in lines for raw in replay.feed(line)] for replay in _two_replays())
    assert first == second


def _two_replays():
    return Replay(packaged()), Replay(packaged())
