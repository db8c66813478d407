"""`failures`: one row per failure, with its decision as soon as both are known."""

from itertools import permutations

import pytest

from projections.tables import failures
from tests.examples import IDEA, NOON, TASK
from tests.projections.given import EVIDENCE, diagnosed, fold, requested, row, rows, suppressed


def test_a_diagnosis_is_a_failure(tables_of):
    """A diagnosed failure is a row with everything that is known of it, and no decision yet."""
    assert row(tables_of(diagnosed()), failures) == {
        "failure_id": "failure_1",
        "diagnosed_at": NOON,
        "task_id": TASK,
        "idea_id": IDEA,
        "task_type": "impl",
        "provider": "openai",
        "executor": "codex",
        "error_category": "provider_error",
        "error_summary": "429 from the provider",
        "has_diagnostics": True,
        "reason": "rate_limit",
        "confidence": 0.9,
        "evidence": [EVIDENCE],
        "classified_by": "rules",
        "cooldown_scope": "provider_error",
        "decision": None,
        "suppression_reason": None,
    }


def test_a_failing_heal_is_no_failure(tables_of):
    """The diagnosis of a heal task leaves no row, whatever stands around it."""
    engine = tables_of(diagnosed("of the heal", task_type="heal"), diagnosed("of the task"))
    assert [failure["failure_id"] for failure in rows(engine, failures)] == ["of the task"]


def test_a_request_decides(tables_of):
    """A requested heal decides its failure and no other."""
    engine = tables_of(diagnosed("a"), diagnosed("b"), requested("b"))
    assert [failure["decision"] for failure in rows(engine, failures)] == [None, "requested"]


def test_a_suppression_decides(tables_of):
    """A suppressed heal decides its failure, with the guard's name."""
    failure = row(tables_of(diagnosed(), suppressed(reason="retries_exhausted")), failures)
    assert (failure["decision"], failure["suppression_reason"]) == ("suppressed", "retries_exhausted")


def test_a_decision_waits_for_its_failure(tables_of):
    """A decision that was projected before the diagnosis is noted when that comes."""
    engine = tables_of(suppressed("a"), requested("b"))
    assert rows(engine, failures) == []
    fold(engine, [diagnosed("a"), diagnosed("b")])
    assert [failure["decision"] for failure in rows(engine, failures)] == ["suppressed", "requested"]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_second_copy_changes_nothing(tables_of, order):
    """A diagnosis that comes again, with a decision in between, leaves the row as it is."""
    again = diagnosed()
    events = [again, again, requested()]
    assert row(tables_of(*(events[i] for i in order)), failures)["decision"] == "requested"


@pytest.mark.parametrize(
    ("summary", "explained"),
    [("", False), ("  ", False), ("No diagnostics provided", False), ("exit code 137, no output", True)],
)
def test_a_summary_explains_or_not(tables_of, summary, explained):
    """Only a summary that says something is a diagnostic."""
    assert row(tables_of(diagnosed(error_summary=summary)), failures)["has_diagnostics"] is explained


def test_nul_is_replaced(tables_of):
    """NUL, which PostgreSQL cannot store, is replaced, in keys too: the failure still gets its decision."""
    evidence = [EVIDENCE | {"rule": "http\x00", "text": "4\x0029"}]
    engine = tables_of(diagnosed("a\0b", error_summary="4\x0029", evidence=evidence), requested("a\0b"))
    failure = row(engine, failures)
    assert (failure["failure_id"], failure["error_summary"]) == ("a\ufffdb", "4\ufffd29")
    assert failure["evidence"] == [EVIDENCE | {"rule": "http\ufffd", "text": "4\ufffd29"}]
    assert failure["decision"] == "requested"
