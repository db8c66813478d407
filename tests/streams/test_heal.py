"""Agent heal, and the guards of agent work: every failure gets its one decision (S1)."""

import pytest

from events import (
    FailureDiagnosed,
    HealExpired,
    HealFailed,
    HealRequested,
    HealSucceeded,
    HealSuppressed,
    TaskCreated,
    TaskFailed,
    TaskTimedOut,
)
from tests.examples import IDEA, OTHER_TASK, RUNNER, TASK, after, failed, made
from tests.streams.scenario import Scenario, packaged, with_policy


def heal_of(scenario):
    """Return the id of the heal that was just requested."""
    (heal,) = scenario.only(HealRequested)
    return heal.data.heal_task_id


def outcome(event, heal_task_id, at):
    """Return what came of a heal of `TASK`."""
    said = {"source_task_id": TASK, "error_category": "provider_error", "strategy_name": "provider_error"}
    return made(event, at, heal_task_id=heal_task_id, **said)


# A heal is requested


def test_a_first_failure_is_healed():
    """Nothing stands against the first heal of a task."""
    Scenario().when(failed()).then("heal task_42 #1")


def test_a_bare_failure_is_enough():
    """A producer may send nothing but task.failed with a task id."""
    Scenario().when(TaskFailed.new(RUNNER, task_id=TASK, time=after(0))).then("heal task_42 #1")


def test_a_heal_request_says_all_that_a_healer_needs():
    """Every field of S1 is there, by the packaged policy."""
    (heal,) = Scenario().when(failed(idea_id=IDEA, provider="openai", id="f-1")).only(HealRequested)
    assert heal.data.model_dump(exclude={"heal_task_id", "direction"}, exclude_none=True) == {
        "source_task_id": TASK,
        "idea_id": IDEA,
        "failure_id": "f-1",
        "error_category": "provider_error",
        "error_summary": "429 from the provider",
        "cooldown_scope": "provider_error",
        "retry_count": 1,
        "strategy_name": "provider_error",
        "executor_hint": "openrouter",
        "max_runtime_seconds": 1200,
        "expires_at": after(3600),
        "cooldown_until": after(900),
    }
    assert "task_42" in heal.data.direction
    assert "openai" in heal.data.direction
    assert "429 from the provider" in heal.data.direction


@pytest.mark.parametrize(
    ("category", "hint", "runtime"),
    [
        ("timeout", None, 1.5 * 2400),
        ("executor_crash", "claude", 1200),
        ("provider_error", "openrouter", 1200),
        ("validation_failure", None, 1200),
        ("unknown", None, 1200),
    ],
)
def test_each_category_has_its_strategy(category, hint, runtime):
    """A timeout gets 1.5 x the recommendation of its own type (impl 2400 s), others that of a heal (1200 s)."""
    (heal,) = Scenario().when(failed(error_category=category, task_type="impl")).only(HealRequested)
    assert (heal.data.executor_hint, heal.data.max_runtime_seconds) == (hint, runtime)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"executor": "codex"}, "claude"),
        ({"executor": "claude"}, "openrouter"),
        ({"provider": "claude"}, "openrouter"),
        ({"provider": "claude", "executor": "codex"}, "claude"),
    ],
)
def test_a_crash_goes_to_a_different_executor(said, hint):
    """The executor that failed is never the hint; a missing executor is read from the provider."""
    (heal,) = Scenario().when(failed(error_category="executor_crash", **said)).only(HealRequested)
    assert heal.data.executor_hint == hint


def test_the_provider_of_a_created_task_is_remembered():
    """What task.created said need not be said again when it fails."""
    created = made(TaskCreated, task_id=TASK, task_type="impl", provider="claude")
    (heal,) = Scenario().given(created).when(failed(error_category="executor_crash")).only(HealRequested)
    assert heal.data.executor_hint == "openrouter"


def test_a_direction_is_at_most_5000_characters(tmp_path):
    """A long template is cut."""
    control = with_policy(tmp_path, f'[strategies.provider_error]\ndirection_template = "{"x" * 9000}"')
    (heal,) = Scenario(control).when(failed()).only(HealRequested)
    assert len(heal.data.direction) == 5000


def test_braces_in_an_error_are_only_text():
    """What a failing task printed is never read as a template."""
    (heal,) = Scenario().when(failed(error_summary="KeyError: {provider} {0.__class__}")).only(HealRequested)
    assert "{provider} {0.__class__}" in heal.data.direction


# Cooldown


def test_a_second_failure_of_the_category_waits_for_the_cooldown():
    """The suppression says until when."""
    Scenario().given(failed()).when(failed(10, task_id=OTHER_TASK)).then("no heal task_43: cooldown until +900")


@pytest.mark.parametrize(
    ("at", "decision"), [(899.999, "no heal task_43: cooldown until +900"), (900, "heal task_43 #1")]
)
def test_at_exactly_the_cooldown_a_heal_is_allowed_again(at, decision):
    """The boundary belongs to the heal."""
    Scenario().given(failed()).when(failed(at, task_id=OTHER_TASK)).then(decision)


def test_a_suppressed_failure_does_not_prolong_the_cooldown():
    """Only a requested heal starts one."""
    Scenario().given(failed(), failed(899, task_id="t2")).when(failed(900, task_id="t3")).then("heal t3 #1")


def test_categories_cool_down_apart():
    """A heal of one category leaves the others alone."""
    Scenario().given(failed()).when(failed(1, task_id=OTHER_TASK, error_category="timeout")).then("heal task_43 #1")


def test_time_that_runs_backwards_is_no_time_passed():
    """A failure with an older log time is still inside of the cooldown, which ends when it would have ended."""
    scenario = Scenario().given(failed(100))
    scenario.when(failed(50, task_id=OTHER_TASK)).then("no heal task_43: cooldown until +1000")


def test_without_a_cooldown_not_even_time_that_runs_backwards_suppresses(tmp_path):
    """No time passed is as long as a cooldown of 0 seconds."""
    control = with_policy(tmp_path, "[strategies.provider_error]\ncooldown_seconds = 0\n")
    Scenario(control).given(failed(100)).when(failed(50, task_id=OTHER_TASK)).then("heal task_43 #1")


@pytest.mark.parametrize(
    ("scope", "same", "other"),
    [
        ("category+provider", {"provider": "openai"}, {"provider": "mistral"}),
        ("category+idea", {"idea_id": IDEA}, {"idea_id": "idea_8"}),
        (
            "category+fingerprint",
            {"error_summary": "429 after 17 s at /v1/a for 'key-1'"},
            {"error_summary": "quota of the month is used up"},
        ),
    ],
)
def test_a_narrower_scope_cools_down_only_its_own(tmp_path, scope, same, other):
    """Failures of the same provider, idea or fingerprint share a cooldown, others do not."""
    control = with_policy(tmp_path, f'[guards]\ncooldown_scope = "{scope}"')
    first = same | ({"error_summary": "429 after 3 s at /v2/b for 'key-2'"} if "fingerprint" in scope else {})
    scenario = Scenario(control).given(failed(0, **first))
    scenario.when(failed(1, task_id="t2", **same)).then("no heal t2: cooldown until +900")
    scenario.when(failed(2, task_id="t3", **other)).then("heal t3 #1")


# The other guards, in their order


def test_halted_comes_before_everything():
    """While operations are frozen nothing is healed, whatever else stands against it (S8)."""
    Scenario(halted=True).when(failed(heal_task_id="heal-1")).then("no heal task_42: halted")


def test_a_task_with_an_open_heal_is_not_healed_again():
    """The open heal is the recovery under way."""
    Scenario().given(failed()).when(failed(1000)).then("no heal task_42: already_healing")


def test_a_failure_that_names_a_heal_is_already_healing():
    """The producer says that it runs under a heal."""
    Scenario().when(failed(heal_task_id="heal-1")).then("no heal task_42: already_healing")


@pytest.mark.parametrize("event", [HealSucceeded, HealFailed, HealExpired])
def test_an_outcome_closes_the_heal(event):
    """After it the task can be healed again, as its second attempt."""
    scenario = Scenario().when(failed())
    scenario.given(outcome(event, heal_of(scenario), 10)).when(failed(1000)).then("heal task_42 #2")


def test_an_outcome_of_another_heal_closes_nothing():
    """The heal that is open stays open."""
    Scenario().given(failed(), outcome(HealFailed, "heal-other", 10)).when(failed(1000)).then(
        "no heal task_42: already_healing"
    )


def test_a_heal_that_expired_does_not_guard_any_longer():
    """At expires_at (3600 s after the request) the task can be healed again."""
    scenario = Scenario().given(failed())
    scenario.when(failed(3599)).then("no heal task_42: already_healing")
    scenario.when(failed(3600)).then("heal task_42 #2")


def test_attempts_are_limited_whatever_came_of_them():
    """Three heals of a provider error, then no more, also after a success."""
    scenario = Scenario()
    for attempt in (1, 2, 3):
        scenario.when(failed(attempt * 1000)).then(f"heal task_42 #{attempt}")
        scenario.given(outcome(HealSucceeded, heal_of(scenario), attempt * 1000 + 1))
    scenario.when(failed(9000)).then("no heal task_42: retries_exhausted")


@pytest.mark.parametrize(
    ("retry_count", "decision"), [(2, "heal task_42 #3"), (3, "no heal task_42: retries_exhausted")]
)
def test_the_producers_count_holds_when_it_is_larger(retry_count, decision):
    """A producer that has retried by itself has used up attempts."""
    Scenario().when(failed(retry_count=retry_count)).then(decision)


def test_exhausted_comes_before_cooldown():
    """The first guard that holds names the reason, and only a cooldown has a retry_at."""
    scenario = Scenario().given(failed()).when(failed(1, task_id=OTHER_TASK, retry_count=3))
    scenario.then("no heal task_43: retries_exhausted")
    (suppressed,) = scenario.only(HealSuppressed)
    assert suppressed.data.retry_at is None


# Heal tasks


def test_a_failing_heal_task_is_diagnosed_and_not_healed():
    """A heal never starts a chain of its own."""
    scenario = Scenario().when(failed(task_id="heal-1", task_type="heal")).then()
    (diagnosed,) = scenario.only(FailureDiagnosed)
    assert diagnosed.data.task_type == "heal"


def test_a_heal_task_is_known_from_its_creation():
    """The failure itself need not say that it is a heal's."""
    created = made(TaskCreated, task_id="heal-1", task_type="heal", source_task_id=TASK)
    Scenario().given(created).when(failed(task_id="heal-1")).then()


def test_a_heal_task_is_known_by_its_id():
    """A runner that says nothing but the id that was requested starts no chain either."""
    scenario = Scenario().when(failed())
    scenario.when(failed(5000, task_id=heal_of(scenario))).then()
    (diagnosed,) = scenario.only(FailureDiagnosed)
    assert diagnosed.data.task_type == "heal"


def test_a_task_whose_name_begins_like_a_heals_is_a_task():
    """Only ids that we make are heals."""
    Scenario().when(failed(task_id="heal-the-world")).then("heal heal-the-world #1")


# The same event again


def test_the_same_failure_again_changes_nothing():
    """Equal ids are one event, however often it is published."""
    event = failed()
    scenario = Scenario().when(event, event).then("heal task_42 #1")
    assert scenario.when(event).derived == []


def test_a_derived_event_of_the_recording_is_derived_anew():
    """Feeding what a replay said changes nothing."""
    scenario = Scenario().when(failed())
    said = scenario.derived
    scenario.when(*said).then()
    scenario.when(failed(1000)).then("no heal task_42: already_healing")


def test_a_timed_out_task_is_a_failure_too():
    """task.timed_out is decided like task.failed."""
    scenario = Scenario().when(made(TaskTimedOut, task_id=TASK, reason="deadline")).then("heal task_42 #1")
    (diagnosed,) = scenario.only(FailureDiagnosed)
    assert (diagnosed.data.error_category, diagnosed.data.reason) == ("timeout", "deadline")


def test_the_packaged_policy_is_the_one_of_the_semantics():
    """Retries and cooldowns of S1's table."""
    strategies = packaged().policy.strategies
    assert {name: (s.max_retries, s.cooldown_seconds) for name, s in strategies.items()} == {
        "timeout": (2, 600),
        "executor_crash": (2, 300),
        "provider_error": (3, 900),
        "validation_failure": (2, 120),
        "unknown": (1, 1800),
    }
