"""`suppressions`: which heals a guard suppressed, and until when."""

import pytest

from projections.tables import suppressions
from tests.examples import IDEA, NOON, TASK, after
from tests.projections.given import row, suppressed


def test_a_suppression_is_a_row(tables_of):
    """A suppressed heal is a row with the guard's name and the end of the cooldown."""
    assert row(tables_of(suppressed()), suppressions) == {
        "failure_id": "failure_1",
        "source_task_id": TASK,
        "idea_id": IDEA,
        "error_category": "provider_error",
        "error_summary": "429 from the provider",
        "cooldown_scope": "provider_error",
        "reason": "cooldown",
        "retry_at": after(900),
        "suppressed_at": NOON,
    }


@pytest.mark.parametrize(
    "reason", ["halted", "already_healing", "resuming", "needs_attention", "retries_exhausted", "cooldown"]
)
def test_each_guard_is_named(tables_of, reason):
    """Each guard keeps its name, and only a cooldown has an end."""
    suppression = row(tables_of(suppressed(reason=reason, retry_at=None)), suppressions)
    assert (suppression["reason"], suppression["retry_at"]) == (reason, None)
