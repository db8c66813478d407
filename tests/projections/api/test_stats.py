"""Statistics over HTTP: the numbers of `projections.stats`, for a window."""

from datetime import UTC, datetime, timedelta

import pytest

from projections.stats import auto_heal_stats, diagnostics_completeness
from tests.examples import NOON
from tests.projections.given import diagnosed, fold, requested, suppressed


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("/api/agent/auto-heal/stats", auto_heal_stats),
        ("/api/agent/diagnostics-completeness", diagnostics_completeness),
    ],
)
async def test_statistics_are_those_of_the_tables(tables, client, path, numbers):
    """All of them, or those from a moment on."""
    fold(tables, [diagnosed("a"), requested("a"), diagnosed("b", 60, error_summary=""), suppressed("b", 60)])
    assert (await client.get(path)).json() == numbers(tables).model_dump()
    later = NOON + timedelta(seconds=30)
    windowed = (await client.get(path, params={"since": later.isoformat()})).json()
    assert windowed == numbers(tables, since=later).model_dump()
    assert windowed["total_failed"] == 1


async def test_hours_that_had_failures(tables, client):
    """The last day when nothing else is asked for, by hour and category, oldest first."""
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    hours = (now - NOON).total_seconds() // 3600
    for name, ago in (("old", 30), ("b", 2), ("a", 3)):
        fold(tables, [diagnosed(name, at=(hours - ago) * 3600)])
    fold(tables, [requested("a", at=(hours - 3) * 3600)])
    items = (await client.get("/api/failures/hourly")).json()["items"]
    assert [(item["failed"], item["healed"], item["suppressed"]) for item in items] == [(1, 1, 0), (1, 0, 0)]
    assert items[0]["hour"] < items[1]["hour"]
    assert len((await client.get("/api/failures/hourly", params={"since": "7d"})).json()["items"]) == 3
