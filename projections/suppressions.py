"""`suppressions`: which heals a guard suppressed, and until when."""

from events import HealSuppressed
from projections.row import Row, log_time


def row(event: HealSuppressed) -> Row:
    """Return the suppression."""
    data = event.data
    return {
        "failure_id": data.failure_id,
        "source_task_id": data.source_task_id,
        "idea_id": data.idea_id,
        "error_category": data.error_category,
        "error_summary": data.error_summary,
        "cooldown_scope": data.cooldown_scope,
        "reason": data.reason,
        "retry_at": data.retry_at,
        "suppressed_at": log_time(event),
    }
