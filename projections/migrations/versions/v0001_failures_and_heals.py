"""The tables before Alembic: failures, heals, what became of them, and how far the log was followed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create them."""
    _create_dead_letters()
    _create_failures()
    _create_failures_hourly()
    _create_heal_outcomes()
    _create_heals()
    _create_projection_offsets()
    _create_suppressions()


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("event_id", sa.Text, nullable=False, comment="Id of the dead letter"),
        sa.Column("dead_lettered_at", Moment, nullable=False, comment="When the record was refused"),
        sa.Column("agent", sa.Text, nullable=False, comment="Which agent refused it"),
        sa.Column("record_topic", sa.Text, nullable=False, comment="Where the record is in the log"),
        sa.Column("record_partition", sa.Integer, nullable=False, comment="Its partition"),
        sa.Column("record_offset", sa.BigInteger, nullable=False, comment="Its offset"),
        sa.Column("record_key", sa.Text, comment="Its key"),
        sa.Column("reason", sa.Text, nullable=False, comment="What is wrong with it"),
        sa.Column("raw", sa.Text, nullable=False, comment="Its bytes as text, secrets masked"),
        sa.Column("raw_truncated", sa.Boolean, nullable=False, comment="True: raw is not all of it"),
        sa.Column("traceback", sa.Text, comment="Where our own code raised"),
        sa.PrimaryKeyConstraint("event_id"),
        comment="Records that an agent could not process",
    )


def _create_failures() -> None:
    op.create_table(
        "failures",
        sa.Column("failure_id", sa.Text, nullable=False, comment="Id of the task.failed or task.timed_out event"),
        sa.Column("diagnosed_at", Moment, nullable=False, comment="Log time of the failure"),
        sa.Column("task_id", sa.Text, nullable=False, comment="The task that failed"),
        sa.Column("idea_id", sa.Text, comment="The idea it belongs to"),
        sa.Column("task_type", sa.Text, comment="The phase it works on, such as impl"),
        sa.Column("provider", sa.Text, comment="The model or service that did the work"),
        sa.Column("executor", sa.Text, comment="Who ran the task; the provider when the failure named nobody"),
        sa.Column("error_category", sa.Text, nullable=False, comment="One of the five categories"),
        sa.Column("error_summary", sa.Text, nullable=False, comment="What went wrong in one line, secrets masked"),
        sa.Column("has_diagnostics", sa.Boolean, nullable=False, comment="False: the summary says nothing (S2)"),
        sa.Column("reason", sa.Text, nullable=False, comment="Finer tag inside the category, such as rate_limit"),
        sa.Column("confidence", sa.Float, nullable=False, comment="Of the category, 0 to 1"),
        sa.Column("evidence", Json, nullable=False, comment="List of {rule, start, end, text}, secrets masked"),
        sa.Column("classified_by", sa.Text, nullable=False, comment="Where the category came from: producer or rules"),
        sa.Column("cooldown_scope", sa.Text, nullable=False, comment="Failures of one scope share a cooldown"),
        sa.Column("decision", sa.Text, comment="requested or suppressed; null until it is known"),
        sa.Column("suppression_reason", sa.Text, comment="The guard that suppressed the heal"),
        sa.PrimaryKeyConstraint("failure_id"),
        comment="One row per failure of a task that is no heal",
    )
    op.create_index(
        "failures_by_decision",
        "failures",
        ["error_category", "decision", "suppression_reason", "diagnosed_at", "has_diagnostics"],
    )


def _create_failures_hourly() -> None:
    op.create_table(
        "failures_hourly",
        sa.Column("hour", Moment, nullable=False, comment="The hour in which the failures happened"),
        sa.Column("error_category", sa.Text, nullable=False, comment="Category of the failures"),
        sa.Column("failed", sa.Integer, nullable=False, comment="Failures of that hour"),
        sa.Column(
            "healed", sa.Integer, nullable=False, comment="How many of them got a heal, whenever it was requested"
        ),
        sa.Column("suppressed", sa.Integer, nullable=False, comment="How many of them got none"),
        sa.PrimaryKeyConstraint("hour", "error_category"),
        comment="failures, counted by hour and category",
    )


def _create_heal_outcomes() -> None:
    op.create_table(
        "heal_outcomes",
        sa.Column("heal_task_id", sa.Text, nullable=False, comment="The heal"),
        sa.Column("outcome", sa.Text, nullable=False, comment="succeeded, failed or expired"),
        sa.Column("outcome_at", Moment, nullable=False, comment="Log time of the outcome"),
        sa.Column("elapsed_seconds", sa.Float, comment="From failure to outcome, where known"),
        sa.PrimaryKeyConstraint("heal_task_id"),
        comment="Outcomes as they were published; heals has each too, as soon as its request is known",
    )


def _create_heals() -> None:
    op.create_table(
        "heals",
        sa.Column("heal_task_id", sa.Text, nullable=False, comment="Id of the task that heals"),
        sa.Column("failure_id", sa.Text, nullable=False, comment="The failure it answers"),
        sa.Column("source_task_id", sa.Text, nullable=False, comment="The task that failed"),
        sa.Column("idea_id", sa.Text, comment="The idea of that task"),
        sa.Column("error_category", sa.Text, nullable=False, comment="Category of the failure"),
        sa.Column("error_summary", sa.Text, nullable=False, comment="Summary of the failure"),
        sa.Column("cooldown_scope", sa.Text, nullable=False, comment="Failures of one scope share a cooldown"),
        sa.Column("retry_count", sa.BigInteger, nullable=False, comment="Number of this attempt, the first is 1"),
        sa.Column("strategy_name", sa.Text, nullable=False, comment="The policy's strategy"),
        sa.Column("direction", sa.Text, nullable=False, comment="What the healer was told"),
        sa.Column("executor_hint", sa.Text, comment="Who should run the heal"),
        sa.Column("max_runtime_seconds", sa.Float, comment="Time limit of the heal task"),
        sa.Column(
            "requested_at", Moment, nullable=False, comment="Log time of the request, which is that of its failure"
        ),
        sa.Column("expires_at", Moment, nullable=False, comment="Unclaimed by then, it expires"),
        sa.Column("outcome", sa.Text, comment="succeeded, failed or expired; null until it is known"),
        sa.Column("outcome_at", Moment, comment="Log time of the outcome"),
        sa.Column("elapsed_seconds", sa.Float, comment="From failure to outcome, where known"),
        sa.PrimaryKeyConstraint("heal_task_id"),
        comment="One row per requested heal, and what came of it",
    )
    op.create_index("heals_by_outcome", "heals", ["outcome", "elapsed_seconds", "requested_at"])
    op.create_index("ix_heals_failure_id", "heals", ["failure_id"])


def _create_projection_offsets() -> None:
    op.create_table(
        "projection_offsets",
        sa.Column("topic", sa.Text, nullable=False, comment="Full name of the topic"),
        sa.Column("partition", sa.Integer, autoincrement=False, nullable=False, comment="Partition of it"),
        sa.Column(
            "next_offset", sa.BigInteger, nullable=False, comment="Everything before this offset is in the tables"
        ),
        sa.PrimaryKeyConstraint("topic", "partition"),
        comment="How far the tables have followed the log",
    )


def _create_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("failure_id", sa.Text, nullable=False, comment="The failure that gets no heal"),
        sa.Column("source_task_id", sa.Text, nullable=False, comment="The task that failed"),
        sa.Column("idea_id", sa.Text, comment="The idea of that task"),
        sa.Column("error_category", sa.Text, nullable=False, comment="Category of the failure"),
        sa.Column("error_summary", sa.Text, nullable=False, comment="Summary of the failure"),
        sa.Column("cooldown_scope", sa.Text, nullable=False, comment="Failures of one scope share a cooldown"),
        sa.Column("reason", sa.Text, nullable=False, comment="The guard that decided, such as cooldown"),
        sa.Column("retry_at", Moment, comment="When the cooldown in the way is over"),
        sa.Column("suppressed_at", Moment, nullable=False, comment="Log time of the decision"),
        sa.PrimaryKeyConstraint("failure_id"),
        comment="One row per heal that a guard suppressed",
    )
