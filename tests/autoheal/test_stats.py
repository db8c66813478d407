"""`autoheal stats`."""

import json
from datetime import UTC, datetime

import pytest

from projections.database import open_database
from projections.fold import apply
from projections.stats import auto_heal_stats, diagnostics_completeness
from tests.examples import NOON
from tests.projections.given import diagnosed, entry, requested, suppressed


@pytest.fixture
def engine():
    """A database with a failure of an hour ago that was healed, and one of two days ago that was not."""
    now = (datetime.now(UTC) - NOON).total_seconds()
    engine = open_database("sqlite:///autoheal.db")
    with engine.begin() as connection:
        apply(connection, map(entry, [diagnosed("new", now - 3600), requested("new", now - 3600)]))
        apply(connection, map(entry, [diagnosed("old", now - 2 * 86400), suppressed("old", now - 2 * 86400)]))
    return engine


def test_it_prints_the_shapes_of_the_queries(run, engine):
    """Programs get S1's statistics and S2's completeness as they are."""
    assert json.loads(run("stats").out) == {
        "auto_heal": auto_heal_stats(engine).model_dump(),
        "diagnostics_completeness": diagnostics_completeness(engine).model_dump(),
    }


@pytest.mark.parametrize(("since", "failed"), [("30m", 0), ("24h", 1), ("1d", 1), ("7d", 2)])
def test_it_counts_since(run, engine, since, failed):
    """Only the failures of the last minutes, hours or days."""
    counted = json.loads(run("stats", "--since", since).out)
    assert counted["auto_heal"]["total_failed"] == counted["diagnostics_completeness"]["total_failed"] == failed


def test_people_get_tables(run, engine, monkeypatch):
    """With the sums below."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    out = run("stats").out
    assert "provider_error" in out
    assert "heal rate 50%" in out
