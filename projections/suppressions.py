"""`suppressions`: which heals a guard suppressed, and until when."""

from events import HealSuppressed
from projections.row import Row, fields, log_time
from projections.tables import suppressions


def row(event: HealSuppressed) -> Row:
    """Return the suppression."""
    return fields(event.data, suppressions, suppressed_at=log_time(event))
