"""`suppressions`: which heals a guard suppressed, and until when."""

from events import HealSuppressed
from projections.entry import Entry
from projections.row import Row, fields
from projections.tables import suppressions


def row(entry: Entry[HealSuppressed]) -> Row:
    """Return the suppression."""
    return fields(entry.event.data, suppressions, suppressed_at=entry.logged_at)
