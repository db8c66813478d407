"""Tasks and their timelines, until when a heal cools down, when a dead letter was sent back, and views."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(JSONB(), "postgresql")

DECISIONS = """
CREATE VIEW decisions AS SELECT failures.failure_id, failures.diagnosed_at, failures.task_id, failures.idea_id,
failures.task_type, failures.provider, failures.error_category, failures.reason, failures.error_summary,
failures.cooldown_scope, failures.decision, failures.suppression_reason, suppressions.retry_at,
heals.heal_task_id, heals.strategy_name, heals.retry_count, heals.outcome, heals.outcome_at,
heals.elapsed_seconds
FROM failures LEFT OUTER JOIN heals ON heals.failure_id = failures.failure_id LEFT OUTER JOIN suppressions ON
suppressions.failure_id = failures.failure_id
"""
DECISIONS_COMMENTS = {
    None: "Every failure with its one decision: the heal and what came of it, or the guard that stood against one",
    "failure_id": "Id of the task.failed or task.timed_out event",
    "diagnosed_at": "Log time of the failure",
    "task_id": "The task that failed",
    "idea_id": "The idea it belongs to",
    "task_type": "The phase it works on, such as impl",
    "provider": "The model or service that did the work",
    "error_category": "One of the five categories",
    "reason": "Finer tag inside the category, such as rate_limit",
    "error_summary": "What went wrong in one line, secrets masked",
    "cooldown_scope": "Failures of one scope share a cooldown",
    "decision": "requested or suppressed; null until it is known",
    "suppression_reason": "The guard that suppressed the heal",
    "retry_at": "When the cooldown in the way is over",
    "heal_task_id": "Id of the task that heals",
    "strategy_name": "The policy's strategy",
    "retry_count": "Number of this attempt, the first is 1",
    "outcome": "succeeded, failed or expired; null until it is known",
    "outcome_at": "Log time of the outcome",
    "elapsed_seconds": "From failure to outcome, where known",
}
COOLDOWNS = """
CREATE VIEW cooldowns AS SELECT latest.cooldown_scope, latest.error_category, latest.cooldown_until,
latest.requested_at, latest.heal_task_id, latest.source_task_id
FROM (SELECT heals.cooldown_scope AS cooldown_scope, heals.error_category AS error_category,
heals.cooldown_until AS cooldown_until, heals.requested_at AS requested_at, heals.heal_task_id AS heal_task_id,
heals.source_task_id AS source_task_id, row_number() OVER (PARTITION BY heals.cooldown_scope ORDER BY
heals.cooldown_until DESC, heals.heal_task_id) AS place
FROM heals
WHERE heals.cooldown_until IS NOT NULL) AS latest
WHERE latest.place = 1
"""
COOLDOWNS_COMMENTS = {
    None: "The last cooldown of each scope, over or not, and the heal that began it",
    "cooldown_scope": "Failures of one scope share a cooldown",
    "error_category": "Category of the failure",
    "cooldown_until": "Until then the next heal of its cooldown scope is suppressed",
    "requested_at": "Log time of the request, which is that of its failure",
    "heal_task_id": "Id of the task that heals",
    "source_task_id": "The task that failed",
}


def upgrade() -> None:
    """Add them; rows of the past have no value in the new columns until the tables are rebuilt."""
    _create_task_events()
    _create_tasks()
    _create_redrives()
    op.add_column(
        "dead_letters", sa.Column("redriven_at", Moment, comment="When the record was last sent back for another try")
    )
    op.add_column(
        "heals",
        sa.Column("cooldown_until", Moment, comment="Until then the next heal of its cooldown scope is suppressed"),
    )
    op.add_column(
        "projection_offsets",
        sa.Column("build", sa.Integer, server_default="0", nullable=False, comment="How often the tables were rebuilt"),
    )
    _create_indexes()
    _create_view("decisions", DECISIONS, DECISIONS_COMMENTS)
    _create_view("cooldowns", COOLDOWNS, COOLDOWNS_COMMENTS)


def _create_task_events() -> None:
    op.create_table(
        "task_events",
        sa.Column("event_id", sa.Text, nullable=False, comment="Id of the event"),
        sa.Column("task_id", sa.Text, nullable=False, comment="The task; of a heal's events the task that failed"),
        sa.Column(
            "logged_at", Moment, nullable=False, comment="Log time; of what our agents decided, that of its cause"
        ),
        sa.Column("type", sa.Text, nullable=False, comment="Such as task.failed or heal.suppressed"),
        sa.Column("causation_id", sa.Text, comment="Id of the event that caused it"),
        sa.Column("record_topic", sa.Text, nullable=False, comment="Where it is in the log: the topic"),
        sa.Column("record_partition", sa.Integer, nullable=False, comment="Its partition"),
        sa.Column("record_offset", sa.BigInteger, nullable=False, comment="Its offset"),
        sa.Column("details", Json, nullable=False, comment="What it says, without outputs, secrets masked"),
        sa.Column("output", sa.Text, comment="Of a failure: the end of what the task printed, secrets masked"),
        sa.PrimaryKeyConstraint("event_id"),
        comment="One row per event and decision about a task: its timeline",
    )
    op.create_index("task_events_by_task", "task_events", ["task_id"])


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.Text, nullable=False, comment="The task"),
        sa.Column("idea_id", sa.Text, comment="The idea it belongs to"),
        sa.Column("idea_name", sa.Text, comment="What people call that idea, where published"),
        sa.Column("task_type", sa.Text, comment="The phase it works on, such as impl; heal for a heal"),
        sa.Column("provider", sa.Text, comment="The model or service that does the work, as last named"),
        sa.Column("runner_id", sa.Text, comment="Who ran it last"),
        sa.Column("source_task_id", sa.Text, comment="Of a heal: the task that it heals"),
        sa.Column("direction", sa.Text, comment="What it was asked to do, secrets masked"),
        sa.Column(
            "status",
            sa.Text,
            nullable=False,
            comment="pending, running, completed, failed, timed_out or needs_decision",
        ),
        sa.Column("status_at", Moment, nullable=False, comment="Log time of the event that made it so"),
        sa.Column("created_at", Moment, comment="Log time of its creation, where published"),
        sa.Column("started_at", Moment, comment="Log time of its last start, where published"),
        sa.Column("ended_at", Moment, comment="Log time of its last end: completed, failed or timed out"),
        sa.Column(
            "elapsed_ms", sa.BigInteger, comment="Duration of the last run that its runner reported, in milliseconds"
        ),
        sa.Column("last_event_at", Moment, nullable=False, comment="Log time of the last event about it"),
        sa.PrimaryKeyConstraint("task_id"),
        comment="One row per task: what is known of it now",
    )
    op.create_index("ix_tasks_idea_id", "tasks", ["idea_id"])
    op.create_index("tasks_by_status", "tasks", ["status", "last_event_at", "task_id"])
    op.create_index("tasks_by_last_event", "tasks", ["last_event_at", "task_id", "idea_id"])


def _create_redrives() -> None:
    op.create_table(
        "redrives",
        sa.Column("event_id", sa.Text, nullable=False, comment="Id of the re-drive"),
        sa.Column("dead_letter_id", sa.Text, nullable=False, comment="The dead letter"),
        sa.Column("redriven_at", Moment, nullable=False, comment="When its record was sent back for another try"),
        sa.PrimaryKeyConstraint("event_id"),
        comment="Re-drives as they were published; dead_letters has the last of each too",
    )
    op.create_index("ix_redrives_dead_letter_id", "redrives", ["dead_letter_id"])


def _create_indexes() -> None:
    """Lists come newest first, in the order of an index."""
    for name, columns in {
        "failures_by_time": ["diagnosed_at", "failure_id"],
        "failures_by_category": ["error_category", "diagnosed_at", "failure_id"],
        "failures_by_task": ["task_id", "diagnosed_at", "failure_id"],
        "failures_by_idea": ["idea_id", "diagnosed_at", "failure_id"],
        "heals_by_time": ["requested_at", "heal_task_id"],
        "heals_by_outcome_time": ["outcome", "requested_at", "heal_task_id"],
        "heals_by_task": ["source_task_id", "requested_at", "heal_task_id"],
        "heals_by_idea": ["idea_id", "requested_at", "heal_task_id"],
        "heals_by_cooldown": ["cooldown_until"],
        "dead_letters_by_time": ["dead_lettered_at", "event_id"],
    }.items():
        op.create_index(name, name.partition("_by_")[0], columns)


def _create_view(name: str, statement: str, comments: dict[str | None, str]) -> None:
    op.execute(statement)
    if op.get_context().dialect.name == "postgresql":
        for column, comment in comments.items():
            what = f"COLUMN {name}.{column}" if column else f"VIEW {name}"
            quoted = comment.replace("'", "''")
            op.execute(f"COMMENT ON {what} IS '{quoted}'")
