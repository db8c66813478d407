"""The tables of the read side: what analysts query, and the only place that names columns and types.

Moments are stored in UTC: in SQLite as `YYYY-MM-DD HH:MM:SS.ffffff`, which its date functions and DuckDB read and
which sorts as time does, in PostgreSQL as `timestamp with time zone`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB


class Moment(TypeDecorator[datetime]):
    """A point in time; aware in Python, UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Make a moment one that the database stores, with one call for each."""
        return _as_text if dialect.name == "sqlite" else _as_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


_ZONE: Final = -len("+00:00")


def _as_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone: say which")
    return value.astimezone(UTC)


@lru_cache(maxsize=1 << 14)  # a task's row says several times when its last event was
def _as_text(value: datetime | None) -> str | None:
    """Write a moment as SQLite's date functions read it."""
    moment = _as_utc(value)
    return moment.isoformat(" ", "microseconds")[:_ZONE] if moment else None


Json = JSON().with_variant(JSONB(), "postgresql")

metadata = MetaData()

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Text, primary_key=True, comment="The task"),
    Column("idea_id", Text, index=True, comment="The idea it belongs to"),
    Column("idea_name", Text, comment="What people call that idea, where published"),
    Column("task_type", Text, comment="The phase it works on, such as impl; heal for a heal"),
    Column("provider", Text, comment="The model or service that does the work, as last named"),
    Column("runner_id", Text, comment="Who ran it last"),
    Column("source_task_id", Text, comment="Of a heal: the task that it heals"),
    Column("direction", Text, comment="What it was asked to do, secrets masked"),
    Column("status", Text, nullable=False, comment="pending, running, completed, failed, timed_out or needs_decision"),
    Column("status_at", Moment, nullable=False, comment="Log time of the event that made it so"),
    Column("created_at", Moment, comment="Log time of its creation, where published"),
    Column("started_at", Moment, comment="Log time of its last start, where published"),
    Column("ended_at", Moment, comment="Log time of its last end: completed, failed or timed out"),
    Column("elapsed_ms", BigInteger, comment="Duration of the last run that its runner reported, in milliseconds"),
    Column("last_event_at", Moment, nullable=False, comment="Log time of the last event about it"),
    comment="One row per task: what is known of it now",
)
# Lists come newest first, and in the order of their index: what one filter keeps is read until a page is full.
Index("tasks_by_status", tasks.c.status, tasks.c.last_event_at, tasks.c.task_id)
Index("tasks_by_last_event", tasks.c.last_event_at, tasks.c.task_id, tasks.c.idea_id)  # a search reads it alone

task_events = Table(
    "task_events",
    metadata,
    Column("event_id", Text, primary_key=True, comment="Id of the event"),
    Column("task_id", Text, nullable=False, comment="The task; of a heal's events the task that failed"),
    Column("logged_at", Moment, nullable=False, comment="Log time; of what our agents decided, that of its cause"),
    Column("type", Text, nullable=False, comment="Such as task.failed or heal.suppressed"),
    Column("causation_id", Text, comment="Id of the event that caused it"),
    Column("record_topic", Text, nullable=False, comment="Where it is in the log: the topic"),
    Column("record_partition", Integer, nullable=False, comment="Its partition"),
    Column("record_offset", BigInteger, nullable=False, comment="Its offset"),
    Column("details", Json, nullable=False, comment="What it says, without outputs, secrets masked"),
    Column("output", Text, comment="Of a failure: the end of what the task printed, secrets masked"),
    comment="One row per event and decision about a task: its timeline",
)
Index("task_events_by_task", task_events.c.task_id)

failures = Table(
    "failures",
    metadata,
    Column("failure_id", Text, primary_key=True, comment="Id of the task.failed or task.timed_out event"),
    Column("diagnosed_at", Moment, nullable=False, comment="Log time of the failure"),
    Column("task_id", Text, nullable=False, comment="The task that failed"),
    Column("idea_id", Text, comment="The idea it belongs to"),
    Column("task_type", Text, comment="The phase it works on, such as impl"),
    Column("provider", Text, comment="The model or service that did the work"),
    Column("executor", Text, comment="Who ran the task; the provider when the failure named nobody"),
    Column("error_category", Text, nullable=False, comment="One of the five categories"),
    Column("error_summary", Text, nullable=False, comment="What went wrong in one line, secrets masked"),
    Column("has_diagnostics", Boolean, nullable=False, comment="False: the summary says nothing (S2)"),
    Column("reason", Text, nullable=False, comment="Finer tag inside the category, such as rate_limit"),
    Column("confidence", Float, nullable=False, comment="Of the category, 0 to 1"),
    Column("evidence", Json, nullable=False, comment="List of {rule, start, end, text}, secrets masked"),
    Column("classified_by", Text, nullable=False, comment="Where the category came from: producer or rules"),
    Column("cooldown_scope", Text, nullable=False, comment="Failures of one scope share a cooldown"),
    Column("decision", Text, comment="requested or suppressed; null until it is known"),
    Column("suppression_reason", Text, comment="The guard that suppressed the heal"),
    comment="One row per failure of a task that is no heal",
)
# Grouped by what the statistics count and then in time: a count reads this index alone, with a window or without.
Index(
    "failures_by_decision",
    failures.c.error_category,
    failures.c.decision,
    failures.c.suppression_reason,
    failures.c.diagnosed_at,
    failures.c.has_diagnostics,
)
Index("failures_by_time", failures.c.diagnosed_at, failures.c.failure_id)
Index("failures_by_category", failures.c.error_category, failures.c.diagnosed_at, failures.c.failure_id)
Index("failures_by_task", failures.c.task_id, failures.c.diagnosed_at, failures.c.failure_id)
Index("failures_by_idea", failures.c.idea_id, failures.c.diagnosed_at, failures.c.failure_id)

heals = Table(
    "heals",
    metadata,
    Column("heal_task_id", Text, primary_key=True, comment="Id of the task that heals"),
    Column("failure_id", Text, nullable=False, index=True, comment="The failure it answers"),
    Column("source_task_id", Text, nullable=False, comment="The task that failed"),
    Column("idea_id", Text, comment="The idea of that task"),
    Column("error_category", Text, nullable=False, comment="Category of the failure"),
    Column("error_summary", Text, nullable=False, comment="Summary of the failure"),
    Column("cooldown_scope", Text, nullable=False, comment="Failures of one scope share a cooldown"),
    Column("retry_count", BigInteger, nullable=False, comment="Number of this attempt, the first is 1"),
    Column("strategy_name", Text, nullable=False, comment="The policy's strategy"),
    Column("direction", Text, nullable=False, comment="What the healer was told"),
    Column("executor_hint", Text, comment="Who should run the heal"),
    Column("max_runtime_seconds", Float, comment="Time limit of the heal task"),
    Column("requested_at", Moment, nullable=False, comment="Log time of the request, which is that of its failure"),
    Column("expires_at", Moment, nullable=False, comment="Unclaimed by then, it expires"),
    Column("cooldown_until", Moment, comment="Until then the next heal of its cooldown scope is suppressed"),
    Column("outcome", Text, comment="succeeded, failed or expired; null until it is known"),
    Column("outcome_at", Moment, comment="Log time of the outcome"),
    Column("elapsed_seconds", Float, comment="From failure to outcome, where known"),
    comment="One row per requested heal, and what came of it",
)
Index("heals_by_outcome", heals.c.outcome, heals.c.elapsed_seconds, heals.c.requested_at)
Index("heals_by_time", heals.c.requested_at, heals.c.heal_task_id)
Index("heals_by_outcome_time", heals.c.outcome, heals.c.requested_at, heals.c.heal_task_id)
Index("heals_by_task", heals.c.source_task_id, heals.c.requested_at, heals.c.heal_task_id)
Index("heals_by_idea", heals.c.idea_id, heals.c.requested_at, heals.c.heal_task_id)
Index("heals_by_cooldown", heals.c.cooldown_until)

heal_outcomes = Table(
    "heal_outcomes",
    metadata,
    Column("heal_task_id", Text, primary_key=True, comment="The heal"),
    Column("outcome", Text, nullable=False, comment="succeeded, failed or expired"),
    Column("outcome_at", Moment, nullable=False, comment="Log time of the outcome"),
    Column("elapsed_seconds", Float, comment="From failure to outcome, where known"),
    comment="Outcomes as they were published; heals has each too, as soon as its request is known",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("failure_id", Text, primary_key=True, comment="The failure that gets no heal"),
    Column("source_task_id", Text, nullable=False, comment="The task that failed"),
    Column("idea_id", Text, comment="The idea of that task"),
    Column("error_category", Text, nullable=False, comment="Category of the failure"),
    Column("error_summary", Text, nullable=False, comment="Summary of the failure"),
    Column("cooldown_scope", Text, nullable=False, comment="Failures of one scope share a cooldown"),
    Column("reason", Text, nullable=False, comment="The guard that decided, such as cooldown"),
    Column("retry_at", Moment, comment="When the cooldown in the way is over"),
    Column("suppressed_at", Moment, nullable=False, comment="Log time of the decision"),
    comment="One row per heal that a guard suppressed",
)

failures_hourly = Table(
    "failures_hourly",
    metadata,
    Column("hour", Moment, primary_key=True, comment="The hour in which the failures happened"),
    Column("error_category", Text, primary_key=True, comment="Category of the failures"),
    Column("failed", Integer, nullable=False, comment="Failures of that hour"),
    Column("healed", Integer, nullable=False, comment="How many of them got a heal, whenever it was requested"),
    Column("suppressed", Integer, nullable=False, comment="How many of them got none"),
    comment="failures, counted by hour and category",
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("event_id", Text, primary_key=True, comment="Id of the dead letter"),
    Column("dead_lettered_at", Moment, nullable=False, comment="When the record was refused"),
    Column("agent", Text, nullable=False, comment="Which agent refused it"),
    Column("record_topic", Text, nullable=False, comment="Where the record is in the log"),
    Column("record_partition", Integer, nullable=False, comment="Its partition"),
    Column("record_offset", BigInteger, nullable=False, comment="Its offset"),
    Column("record_key", Text, comment="Its key"),
    Column("reason", Text, nullable=False, comment="What is wrong with it"),
    Column("raw", Text, nullable=False, comment="Its bytes as text, secrets masked"),
    Column("raw_truncated", Boolean, nullable=False, comment="True: raw is not all of it"),
    Column("traceback", Text, comment="Where our own code raised"),
    Column("redriven_at", Moment, comment="When the record was last sent back for another try"),
    comment="Records that an agent could not process",
)
Index("dead_letters_by_time", dead_letters.c.dead_lettered_at, dead_letters.c.event_id)

redrives = Table(
    "redrives",
    metadata,
    Column("event_id", Text, primary_key=True, comment="Id of the re-drive"),
    Column("dead_letter_id", Text, nullable=False, index=True, comment="The dead letter"),
    Column("redriven_at", Moment, nullable=False, comment="When its record was sent back for another try"),
    comment="Re-drives as they were published; dead_letters has the last of each too",
)

projection_offsets = Table(
    "projection_offsets",
    metadata,
    Column("topic", Text, primary_key=True, comment="Full name of the topic"),
    Column("partition", Integer, primary_key=True, autoincrement=False, comment="Partition of it"),
    Column("next_offset", BigInteger, nullable=False, comment="Everything before this offset is in the tables"),
    Column("build", Integer, nullable=False, server_default="0", comment="How often the tables were rebuilt"),
    comment="How far the tables have followed the log",
)
