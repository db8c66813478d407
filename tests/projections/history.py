"""Two weeks of a small fleet, for questions to be asked about: the same rows whenever it is told."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine

from events import CloudEvent
from projections.database import transaction
from projections.fold import apply
from projections.tables import projection_offsets, task_events, tasks
from tests.examples import after
from tests.projections.given import concluded, dead_lettered, diagnosed, requested, suppressed

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
    Failure(-9, 14, "task_5", "anthropic", "validation_failure", "schema", "json-schema", "succeeded", 10),
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

TASKS = (
    {"task_id": "task_12", "provider": "openai", "status": "failed", "status_at": -3 * 3600},
    {"task_id": "task_13", "provider": "anthropic", "status": "running", "status_at": -3 * DAY},
    {"task_id": "task_14", "provider": "openai", "status": "running", "status_at": -5 * 3600},
    {"task_id": "task_15", "provider": "openai", "status": "needs_decision", "status_at": -2 * DAY},
    {"task_id": "task_16", "provider": "openai", "status": "completed", "status_at": 0},
)


def tell(engine: Engine) -> Engine:
    """Fill the tables."""
    with transaction(engine) as connection:
        apply(connection, _events())
        connection.execute(tasks.insert(), [_task(**task) for task in TASKS])
        connection.execute(
            task_events.insert(), [_task_event("a", "task.created"), _task_event("b", "task.started", 9)]
        )
        connection.execute(projection_offsets.insert(), {"topic": "autoheal.heals", "partition": 0, "next_offset": 25})
    return engine


def _events() -> Iterator[CloudEvent]:
    for number, failure in enumerate(FAILURES, 1):
        yield from _story(f"failure_{number}", f"heal_{number}", failure)
    # Its request went to another installation.
    yield concluded("expired", "heal_99", at=-DAY, elapsed_seconds=None)
    for day, agent, reason in ((-9, "work", "no JSON"), (-3, "work", "no JSON"), (-2, "heal", "data.reason: unknown")):
        yield dead_lettered(day * DAY, agent=agent, reason=reason)


def _story(failure_id: str, heal: str, failure: Failure) -> Iterator[CloudEvent]:
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
    yield requested(failure_id, failure.at, heal, strategy_name=f"{failure.category}_strategy", **about)
    if failure.decided != "open":
        elapsed = failure.minutes * 60 or None
        yield concluded(failure.decided, heal, failure.at + (elapsed or 3600), elapsed)


def _task(**task: Any) -> dict[str, Any]:
    at = after(task["status_at"])
    return task | {"status_at": at, "started_at": at, "last_event_at": at, "idea_name": "nightly import"}


def _task_event(event_id: str, type_: str, offset: int = 8) -> dict[str, Any]:
    record = {"record_topic": "autoheal.tasks", "record_partition": 0, "record_offset": offset}
    return {
        "task_id": "task_42",
        "event_id": event_id,
        "logged_at": after(offset),
        "type": type_,
        "details": {},
    } | record
