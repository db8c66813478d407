"""The answers to S1 and S2, with their exact shapes."""

from datetime import datetime

import pytest

from projections.stats import auto_heal_stats, diagnostics_completeness
from tests.examples import after
from tests.projections.given import concluded, diagnosed, fold, requested, suppressed

NOTHING = {"failed": 0, "healed": 0, "suppressed": 0}
OTHERS = ("executor_crash", "provider_error", "validation_failure", "unknown")


def test_nothing_failed(tables_of):
    """An empty database gives zeros for each of the five categories, and no times."""
    assert auto_heal_stats(tables_of()).model_dump() == {
        "total_failed": 0,
        "heals_created": 0,
        "heal_rate": 0.0,
        "by_category": {"timeout": NOTHING} | dict.fromkeys(OTHERS, NOTHING),
        "heals_succeeded": 0,
        "heal_success_rate": 0.0,
        "suppressed_by_reason": {},
        "mttr_seconds": {"p50": None, "p90": None},
    }


def test_failures_decisions_and_outcomes_add_up(tables_of):
    """Failures are counted by category, decisions with them, and outcomes of the heals."""
    engine = tables_of(
        *(diagnosed(each, error_category="timeout") for each in "abcd"),
        *(requested(each, heal_task_id=f"heal_{each}") for each in "ab"),
        suppressed("c", reason="cooldown"),
        *(diagnosed(each, error_category="unknown") for each in "ef"),
        *(suppressed(each, reason="retries_exhausted") for each in "ef"),
        diagnosed("of a heal", task_type="heal"),
        concluded("succeeded", "heal_a", elapsed_seconds=90),
    )
    stats = auto_heal_stats(engine).model_dump()
    assert stats["by_category"] == {
        "timeout": {"failed": 4, "healed": 2, "suppressed": 1},
        "unknown": {"failed": 2, "healed": 0, "suppressed": 2},
    } | dict.fromkeys(OTHERS[:3], NOTHING)
    assert (stats["total_failed"], stats["heals_created"], stats["heal_rate"]) == (6, 2, 2 / 6)
    assert stats["suppressed_by_reason"] == {"cooldown": 1, "retries_exhausted": 2}
    assert (stats["heals_succeeded"], stats["heal_success_rate"]) == (1, 1.0)
    assert stats["mttr_seconds"] == {"p50": 90.0, "p90": 90.0}


@pytest.mark.parametrize(
    ("outcomes", "rate"),
    [
        ((), 0.0),
        (("succeeded",), 1.0),
        (("succeeded", "failed"), 0.5),
        (("succeeded", "failed", "failed", "expired"), 0.25),
    ],
)
def test_success_is_of_the_known_outcomes(tables_of, outcomes, rate):
    """Failed and expired heals count against the rate, heals without an outcome do not."""
    events = [requested(heal_task_id=f"heal_{i}") for i in range(5)]
    events += [concluded(outcome, f"heal_{i}") for i, outcome in enumerate(outcomes)]
    assert auto_heal_stats(tables_of(*events)).heal_success_rate == rate


@pytest.mark.parametrize(
    ("seconds", "p50", "p90"),
    [
        ([10], 10, 10),
        ([10, 20], 15, 19),  # 10 + 0.5 * 10, 10 + 0.9 * 10
        ([30, 10, 20], 20, 28),  # rank 1, rank 1.8 = 20 + 0.8 * 10
        ([*range(0, 110, 10)], 50, 90),
        ([None, 10, None], 10, 10),
    ],
)
def test_recovery_times_are_interpolated(tables_of, seconds, p50, p90):
    """Percentiles are linear between ranks, and recoveries of unknown length stay out."""
    events = [requested(heal_task_id=f"heal_{i}") for i in range(len(seconds))]
    events += [concluded("succeeded", f"heal_{i}", elapsed_seconds=each) for i, each in enumerate(seconds)]
    mttr = auto_heal_stats(tables_of(*events, concluded("failed", "x", elapsed_seconds=1e6))).mttr_seconds
    assert (mttr.p50, mttr.p90) == (pytest.approx(p50), pytest.approx(p90))


def test_a_window_begins_with_its_first_moment(tables_of):
    """A window holds the failures from its first moment on, with their decisions, however late, and outcomes."""
    engine = tables_of(
        *(diagnosed(f"f{at}", at=at) for at in (0, 10, 20)),
        *(requested(f"f{at}", at=at, heal_task_id=f"heal_{at}") for at in (0, 10)),
        suppressed("f20", at=20),
        *(concluded("succeeded", f"heal_{at}", elapsed_seconds=at) for at in (0, 10)),
    )
    stats = auto_heal_stats(engine, since=after(10))
    assert stats.by_category["provider_error"].model_dump() == {"failed": 2, "healed": 1, "suppressed": 1}
    assert (stats.heals_succeeded, stats.mttr_seconds.p50) == (1, 10.0)
    assert stats.suppressed_by_reason == {"cooldown": 1}
    assert auto_heal_stats(engine, since=after(20.000001)).total_failed == 0
    assert diagnostics_completeness(engine, since=after(20)).total_failed == 1


def test_a_window_needs_a_zone(tables_of):
    """A moment without a time zone is refused rather than guessed."""
    with pytest.raises(Exception, match="has no time zone"):
        auto_heal_stats(tables_of(), since=datetime(2026, 11, 22))  # noqa: DTZ001 - what is tested


def test_completeness_of_nothing(tables_of):
    """Where nothing failed nothing is missing."""
    empty = {"failed": 0, "with_diagnostics": 0}
    assert diagnostics_completeness(tables_of()).model_dump() == {
        "total_failed": 0,
        "with_diagnostics": 0,
        "missing_pct": 0.0,
        "by_category": dict.fromkeys(("timeout", *OTHERS), empty),
    }


def test_completeness_counts_what_is_missing(tables_of):
    """Failures that say nothing are missing, in percent of all with two decimals."""
    engine = tables_of(diagnosed("a", error_summary=""), diagnosed("b"))
    fold(engine, [diagnosed("c", error_category="unknown", error_summary="No diagnostics provided")])
    fold(engine, [diagnosed(f"d{i}", error_category="timeout") for i in range(4)])
    completeness = diagnostics_completeness(engine)
    assert (completeness.total_failed, completeness.with_diagnostics) == (7, 5)
    assert completeness.missing_pct == 28.57  # 2 of 7
    assert completeness.by_category["provider_error"].model_dump() == {"failed": 2, "with_diagnostics": 1}
    assert completeness.by_category["unknown"].model_dump() == {"failed": 1, "with_diagnostics": 0}
    assert completeness.by_category["timeout"].model_dump() == {"failed": 4, "with_diagnostics": 4}
