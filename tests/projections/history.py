"""Two weeks of a small fleet, for questions to be asked about: the same rows whenever it is told."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine

from events import CloudEvent, TaskCompleted, TaskCreated, TaskDecisionNeeded, TaskFailed, TaskStarted
from projections.database import transaction
from projections.tables import projection_offsets
from tests.examples import IDEA, after, made
from tests.projections.given import concluded, dead_lettered, diagnosed, fold, redriven, requested, suppressed

DAY = 86_400


class Failure(NamedTuple):
    """One failure, what was decided about it and what came of it."""

    day: int
    hour: int
    task: str
    provider: str
    category: str
    reason: str
    rule: str
    decided: str
    """An outcome, `open`, or the guard that stood against a heal."""
    minutes: float = 0

    @property
    def at(self) -> float:
        """Seconds after noon of the last day."""
        return self.day * DAY + (self.hour - 12) * 3600


FAILURES = (
    Failure(-12, 9, "task_1", "openai", "provider_error", "rate_limit", "http-429", "succeeded", 5),
    Failure(-12, 9, "task_2", "openai", "provider_error", "rate_limit", "http-429", "cooldown"),
    Failure(-11, 14, "task_3", "anthropic", "timeout", "deadline", "deadline-exceeded", "succeeded", 30),
    Failure(-10, 9, "task_4", "anthropic", "executor_crash", "oom", "out-of-memory", "failed", 20),
    Failure(-9, 14, "task_5", "anthropic", "validation_failure", "schema", "json-schema", "succeeded", 12),
    Failure(-5, 9, "task_6", "openai", "provider_error", "rate_limit", "http-429", "succeeded", 15),
    Failure(-5, 9, "task_7", "openai", "provider_error", "rate_limit", "http-429", "cooldown"),
    Failure(-4, 9, "task_8", "openai", "provider_error", "server_error", "http-5xx", "succeeded", 25),
    Failure(-4, 14, "task_9", "anthropic", "timeout", "deadline", "deadline-exceeded", "succeeded", 90),
    Failure(-3, 14, "task_10", "openai", "executor_crash", "oom", "out-of-memory", "expired"),
    Failure(-2, 9, "task_10", "openai", "executor_crash", "oom", "out-of-memory", "succeeded", 60),
    Failure(-1, 9, "task_10", "openai", "executor_crash", "oom", "out-of-memory", "retries_exhausted"),
    Failure(-1, 14, "task_11", "anthropic", "timeout", "deadline", "deadline-exceeded", "already_healing"),
    Failure(0, 9, "task_12", "openai", "provider_error", "rate_limit", "http-429", "open"),
)

WORK = (
    (TaskCreated, -3 * DAY, "task_13", {"task_type": "impl"}),
    (TaskStarted, -3 * DAY + 3600, "task_13", {"provider": "anthropic"}),
    (TaskStarted, -5 * 3600, "task_14", {"provider": "openai"}),
    (TaskStarted, -2 * DAY - 600, "task_15", {"provider": "openai"}),
    (TaskDecisionNeeded, -2 * DAY, "task_15", {"reason": "which database?"}),
    (TaskStarted, -90 * 60, "task_16", {"provider": "openai"}),
    (TaskCompleted, 0, "task_16", {}),
)
"""What happened to tasks that did not fail."""


def tell(engine: Engine) -> Engine:
    """Fill the tables."""
    fold(engine, _events())
    with transaction(engine) as connection:
        connection.execute(projection_offsets.insert(), {"topic": "autoheal.heals", "partition": 0, "next_offset": 25})
    return engine


def _events() -> Iterator[CloudEvent]:
    for number, failure in enumerate(FAILURES, 1):
        yield from _story(f"failure_{number}", f"heal_{number}", failure)
    for event, at, task_id, said in WORK:
        yield made(event, at, task_id=task_id, idea_id=IDEA, **said)
    # Its request went to another installation.
    yield concluded("expired", "heal_99", at=-DAY, elapsed_seconds=None)
    for day, agent, reason in ((-9, "work", "no JSON"), (-3, "work", "no JSON"), (-2, "heal", "data.reason: unknown")):
        yield dead_lettered(day * DAY, agent=agent, reason=reason)
    # Of a dead letter that is no longer in the log.
    for at in (-DAY, -DAY + 60):
        yield redriven("refused_99", at)


def _story(failure_id: str, heal: str, failure: Failure) -> Iterator[CloudEvent]:
    yield made(TaskFailed, failure.at, task_id=failure.task, idea_id=IDEA, provider=failure.provider)
    about: dict[str, Any] = {"error_category": failure.category, "cooldown_scope": failure.category}
    yield diagnosed(
        failure_id,
        failure.at,
        task_id=failure.task,
        provider=failure.provider,
        reason=failure.reason,
        evidence=[{"rule": failure.rule, "start": 0, "end": 3, "text": "..."}],
        **about,
    )
    about["source_task_id"] = failure.task
    if failure.decided in ("cooldown", "already_healing", "retries_exhausted"):
        retry_at = after(failure.at + 900) if failure.decided == "cooldown" else None
        yield suppressed(failure_id, failure.at, reason=failure.decided, retry_at=retry_at, **about)
        return
    yield requested(failure_id, failure.at, heal, strategy_name=failure.category, **about)
    if failure.decided != "open":
        elapsed = failure.minutes * 60 or None
        yield concluded(failure.decided, heal, failure.at + (elapsed or 3600), elapsed)
