"""`heal_outcomes`: what came of the heals."""

from events import HealExpired, HealFailed, HealSucceeded
from projections.entry import Entry
from projections.row import Row, fields
from projections.tables import heal_outcomes

HealOutcome = HealSucceeded | HealFailed | HealExpired
_NAMES: dict[type[HealOutcome], str] = {HealSucceeded: "succeeded", HealFailed: "failed", HealExpired: "expired"}


def row(entry: Entry[HealOutcome]) -> Row:
    """Return the outcome."""
    return fields(entry.event.data, heal_outcomes, outcome=_NAMES[type(entry.event)], outcome_at=entry.logged_at)
