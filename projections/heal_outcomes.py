"""`heal_outcomes`: what came of the heals."""

from events import HealExpired, HealFailed, HealSucceeded
from projections.row import Row, fields, log_time
from projections.tables import heal_outcomes

HealOutcome = HealSucceeded | HealFailed | HealExpired
_NAMES: dict[type[HealOutcome], str] = {HealSucceeded: "succeeded", HealFailed: "failed", HealExpired: "expired"}


def row(event: HealOutcome) -> Row:
    """Return the outcome."""
    return fields(event.data, heal_outcomes, outcome=_NAMES[type(event)], outcome_at=log_time(event))
