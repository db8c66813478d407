"""`heals` and `heal_outcomes`: what was asked for, and what came of it."""

import pytest

from projections.tables import heal_outcomes, heals
from tests.examples import IDEA, NOON, TASK, after
from tests.projections.given import concluded, fold, requested, row, rows


def test_a_request_is_a_heal(tables_of):
    """A requested heal is a row with all that the healer was told, and no outcome yet."""
    assert row(tables_of(requested(executor_hint="claude", max_runtime_seconds=1200.0)), heals) == {
        "heal_task_id": "heal_1",
        "failure_id": "failure_1",
        "source_task_id": TASK,
        "idea_id": IDEA,
        "error_category": "provider_error",
        "error_summary": "429 from the provider",
        "cooldown_scope": "provider_error",
        "retry_count": 1,
        "strategy_name": "provider_error",
        "direction": "Use another provider.",
        "executor_hint": "claude",
        "max_runtime_seconds": 1200.0,
        "requested_at": NOON,
        "expires_at": after(3600),
        "cooldown_until": after(900),
        "outcome": None,
        "outcome_at": None,
        "elapsed_seconds": None,
    }


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "expired"])
def test_an_outcome_concludes_its_heal(tables_of, outcome):
    """Each kind of outcome is noted with its time, in the heal it belongs to and no other."""
    engine = tables_of(requested(), requested(heal_task_id="heal_2"), concluded(outcome))
    concluded_heal, open_heal = rows(engine, heals)
    known = {"outcome": outcome, "outcome_at": after(60), "elapsed_seconds": 60.0}
    assert known.items() <= concluded_heal.items()
    assert open_heal["outcome"] is None
    assert row(engine, heal_outcomes) == {"heal_task_id": "heal_1"} | known


def test_an_outcome_waits_for_its_request(tables_of):
    """An outcome that was projected before the request is noted when that comes."""
    engine = tables_of(concluded("failed", elapsed_seconds=None))
    assert rows(engine, heals) == []
    heal = row(fold(engine, [requested()]), heals)
    assert (heal["outcome"], heal["elapsed_seconds"]) == ("failed", None)


def test_the_first_outcome_stays(tables_of):
    """A heal has one outcome: what is said of it afterwards changes nothing."""
    engine = tables_of(requested(), concluded("expired"), concluded("succeeded", at=90))
    assert row(engine, heals)["outcome"] == row(engine, heal_outcomes)["outcome"] == "expired"
