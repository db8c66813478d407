"""What the worker publishes about one failure, and tables folded from it."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from sqlalchemy import Engine, Table, select

from events import (
    CloudEvent,
    FailureDiagnosed,
    HealExpired,
    HealFailed,
    HealRequested,
    HealSucceeded,
    HealSuppressed,
    RecordDeadLettered,
    RecordRedriven,
    Topics,
    encode,
    key_of,
)
from projections.database import transaction
from projections.entry import Entry, read
from projections.fold import apply
from tests.examples import IDEA, NOON, TASK, after, made

FAILURE = "failure_1"
HEAL = "heal_1"
EVIDENCE = {"rule": "http-429", "start": 4, "end": 7, "text": "429"}
OUTCOMES = {"succeeded": HealSucceeded, "failed": HealFailed, "expired": HealExpired}


def diagnosed(failure_id: str = FAILURE, at: float = 0, **data: Any) -> CloudEvent:
    """A failure with its diagnosis; a provider error when nothing else is said."""
    said = _of_failure(failure_id) | {"task_id": TASK, "task_type": "impl", "provider": "openai", "executor": "codex"}
    said |= {"reason": "rate_limit", "confidence": 0.9, "evidence": [EVIDENCE], "classified_by": "rules", "attempts": 0}
    return made(FailureDiagnosed, at, **said | data)


def requested(failure_id: str = FAILURE, at: float = 0, heal_task_id: str = HEAL, **data: Any) -> CloudEvent:
    """A heal for the failure."""
    said = _of_failure(failure_id) | {"source_task_id": TASK, "heal_task_id": heal_task_id, "retry_count": 1}
    said |= {"strategy_name": "provider_error", "direction": "Use another provider."}
    said |= {"expires_at": after(at + 3600), "cooldown_until": after(at + 900)}
    return made(HealRequested, at, **said | data)


def suppressed(failure_id: str = FAILURE, at: float = 0, **data: Any) -> CloudEvent:
    """No heal for the failure; its scope cools down when nothing else is said."""
    said = _of_failure(failure_id) | {"source_task_id": TASK, "reason": "cooldown", "retry_at": after(at + 900)}
    return made(HealSuppressed, at, **said | data)


def concluded(
    outcome: str, heal_task_id: str = HEAL, at: float = 60, elapsed_seconds: float | None = 60.0
) -> CloudEvent:
    """What came of a heal."""
    said = {"heal_task_id": heal_task_id, "source_task_id": TASK, "idea_id": IDEA, "error_category": "provider_error"}
    said |= {"strategy_name": "provider_error", "elapsed_seconds": elapsed_seconds}
    return made(OUTCOMES[outcome], at, **said)


def dead_lettered(at: float = 0, **data: Any) -> CloudEvent:
    """A record that the work agent refused."""
    said = {"agent": "work", "topic": "autoheal.tasks", "partition": 3, "offset": 10, "key": IDEA}
    return made(RecordDeadLettered, at, **said | {"reason": "data.task_id: Field required", "raw": "{}"} | data)


def redriven(dead_letter_id: str, at: float = 60) -> CloudEvent:
    """A refused record that was sent back."""
    said = {"dead_letter_id": dead_letter_id, "topic": "autoheal.tasks", "partition": 3, "offset": 10}
    return made(RecordRedriven, at, **said)


def fold(engine: Engine, events: Iterable[CloudEvent]) -> Engine:
    """Fold more events, in one transaction."""
    with transaction(engine) as connection:
        apply(connection, filter(None, map(entry, events)))
    return engine


def entry(event: CloudEvent, key: bytes | None = None) -> Entry[CloudEvent] | None:
    """The event as it stands in a log with one partition: the same event always in the same place."""
    topic, at = Topics().of(event.type), event.time or NOON
    place = {"topic": topic, "partition": 0, "offset": crc32(event.id.encode()), "timestamp": at.timestamp() * 1000}
    record = SimpleNamespace(**place, key=key or key_of(event).encode(), value=encode(event))
    return read(record, {topic: 1})


def rows(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """All rows of a table in the order of its key."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


def row(engine: Engine, table: Table) -> dict[str, Any]:
    """The only row of a table."""
    (only,) = rows(engine, table)
    return only


def _of_failure(failure_id: str) -> dict[str, Any]:
    return {
        "failure_id": failure_id,
        "idea_id": IDEA,
        "error_category": "provider_error",
        "error_summary": "429 from the provider",
        "cooldown_scope": "provider_error",
    }
