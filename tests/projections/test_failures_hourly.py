"""`failures_hourly`: failures counted once, in the hour and category of each."""

from datetime import UTC, datetime, timedelta, timezone

from projections.tables import failures_hourly
from tests.examples import NOON, after
from tests.projections.given import diagnosed, fold, requested, rows, suppressed

HOUR = timedelta(hours=1)


def test_failures_are_counted_by_hour_and_category(tables_of):
    """The last second of an hour and the first of the next are two rows, and so are two categories."""
    engine = tables_of(
        diagnosed("a", at=0),
        diagnosed("b", at=3599.9),
        diagnosed("c", at=3600),
        diagnosed("d", error_category="timeout"),
    )
    assert _counts(engine) == {
        (NOON, "provider_error"): (2, 0, 0),
        (NOON, "timeout"): (1, 0, 0),
        (NOON + HOUR, "provider_error"): (1, 0, 0),
    }


def test_a_decision_counts_in_the_hour_of_its_failure(tables_of):
    """A heal or a suppression is counted where the failure is, however late it was decided."""
    engine = tables_of(diagnosed("a"), diagnosed("b"), requested("a", at=7200), suppressed("b", at=7200))
    assert _counts(engine) == {(NOON, "provider_error"): (2, 1, 1)}


def test_a_decision_counts_in_the_category_of_its_failure(tables_of):
    """A decision that names another category is counted where the failure is."""
    engine = tables_of(diagnosed("a"), requested("a", error_category="timeout"))
    assert _counts(engine) == {(NOON, "provider_error"): (1, 1, 0)}


def test_a_decision_without_its_failure_counts_nothing(tables_of):
    """Nothing is healed that has not failed: the count waits for the diagnosis."""
    engine = tables_of(requested("a"), suppressed("b"))
    assert _counts(engine) == {}
    assert _counts(fold(engine, [diagnosed("a")])) == {(NOON, "provider_error"): (1, 1, 0)}


def test_copies_are_not_counted(tables_of):
    """The same events again, together or later, change no count."""
    events = [diagnosed("a"), requested("a"), diagnosed("b"), suppressed("b")]
    engine = tables_of(*events, *events)
    assert _counts(fold(engine, events)) == {(NOON, "provider_error"): (2, 1, 1)}


def test_hours_are_those_of_utc(tables_of):
    """A time with another offset is counted in its hour of UTC."""
    in_india = after(0).astimezone(timezone(timedelta(hours=5, minutes=30)))
    engine = tables_of(diagnosed().model_copy(update={"time": in_india}))
    assert _counts(engine) == {(datetime(2026, 11, 22, 12, tzinfo=UTC), "provider_error"): (1, 0, 0)}


def _counts(engine):
    return {
        (row["hour"], row["error_category"]): (row["failed"], row["healed"], row["suppressed"])
        for row in rows(engine, failures_hourly)
    }
