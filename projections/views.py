"""The views of the read side: joins that every analyst would write, under stable names.

A change here needs a migration, as one of a table does; a test compares the two.
"""

from typing import Any, cast

from sqlalchemy import Column, MetaData, Select, Table, func, select
from sqlalchemy.schema import CreateView

from projections.tables import failures, heals, suppressions

metadata = MetaData()
"""Of the views alone: they hold no rows of their own, so nothing that empties or fills tables may meet them."""


def _view(name: str, query: Select[Any], comment: str) -> Table:
    """Describe a view; each of its columns is documented as the one it is made from."""
    view = CreateView(query, name, metadata=metadata).table
    view.comment = comment
    for column, selected in zip(view.columns, query.selected_columns, strict=True):
        (source,) = selected.base_columns
        column.comment = cast("Column[Any]", source).comment
    return view


decisions = _view(
    "decisions",
    select(
        failures.c.failure_id,
        failures.c.diagnosed_at,
        failures.c.task_id,
        failures.c.idea_id,
        failures.c.task_type,
        failures.c.provider,
        failures.c.error_category,
        failures.c.reason,
        failures.c.error_summary,
        failures.c.cooldown_scope,
        failures.c.decision,
        failures.c.suppression_reason,
        suppressions.c.retry_at,
        heals.c.heal_task_id,
        heals.c.strategy_name,
        heals.c.retry_count,
        heals.c.outcome,
        heals.c.outcome_at,
        heals.c.elapsed_seconds,
    ).select_from(
        failures.outerjoin(heals, heals.c.failure_id == failures.c.failure_id).outerjoin(
            suppressions, suppressions.c.failure_id == failures.c.failure_id
        )
    ),
    "Every failure with its one decision: the heal and what came of it, or the guard that stood against one",
)

_latest_first = heals.c.cooldown_until.desc(), heals.c.heal_task_id
_latest = (
    select(
        heals.c.cooldown_scope,
        heals.c.error_category,
        heals.c.cooldown_until,
        heals.c.requested_at,
        heals.c.heal_task_id,
        heals.c.source_task_id,
        func.row_number().over(partition_by=heals.c.cooldown_scope, order_by=_latest_first).label("place"),
    )
    .where(heals.c.cooldown_until.is_not(None))
    .subquery("latest")
)
cooldowns = _view(
    "cooldowns",
    select(*(column for column in _latest.columns if column.name != "place")).where(_latest.c.place == 1),
    "The last cooldown of each scope, over or not, and the heal that began it",
)
