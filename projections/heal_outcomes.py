"""`heal_outcomes`: what came of the heals."""

from events import HealExpired, HealFailed, HealSucceeded
from projections.row import Row, log_time

HealOutcome = HealSucceeded | HealFailed | HealExpired
_NAMES: dict[type[HealOutcome], str] = {HealSucceeded: "succeeded", HealFailed: "failed", HealExpired: "expired"}


def row(event: HealOutcome) -> Row:
    """Return the outcome."""
    return {
        "heal_task_id": event.data.heal_task_id,
        "outcome": _NAMES[type(event)],
        "outcome_at": log_time(event),
        "elapsed_seconds": event.data.elapsed_seconds,
    }
