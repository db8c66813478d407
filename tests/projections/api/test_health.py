"""Is it alive, is it ready, how does it do?"""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text

from projections.api import health
from projections.api.app import build_api
from projections.database import open_database
from projections.projector import run_projector
from tests.projections.api.conftest import NOWHERE, PATIENCE_S
from tests.projections.api.test_stream import publish
from tests.projections.given import diagnosed, fold, requested, suppressed


async def test_alive_is_who_answers(client):
    """Whether the broker is there does not matter."""
    assert (await client.get("/healthz")).json() == {"alive": True}


async def test_without_a_broker_it_is_not_ready(client):
    """It says what is missing, and when to ask again; a dashboard gets its answer all the same."""
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (503, True)
    assert answer.json()["reason"] == "the broker does not answer"
    status = (await client.get("/api/status")).json()
    assert (status["broker"], status["database"], status["lag_records"]) == (False, True, None)


async def test_without_a_database_it_is_not_ready(tables, client):
    """Nor does it answer questions, but says so, and what it says names no address."""
    cascade = " CASCADE" if tables.dialect.name == "postgresql" else ""
    with tables.begin() as connection:
        for name in ("tasks", "heals", "failures"):
            connection.execute(text(f"DROP TABLE {name}{cascade}"))
    assert (await client.get("/readyz")).json()["reason"] == "the database does not answer"
    answer = await client.get("/api/heals")
    assert (answer.status_code, answer.json()) == (503, {"detail": "the database does not answer: try again"})
    assert (await client.get("/metrics")).status_code == 503
    assert (await client.get("/api/status")).json()["database"] is False


@pytest.mark.integration
async def test_the_lag_is_what_the_tables_lack(over_tcp, broker, topics, tmp_path, monkeypatch):
    """It counts the records of the log that are not in the tables yet, to the last one; too many are not ready."""
    await publish(broker, topics.prefix, *(diagnosed(f"f{each}", each) for each in range(25)))
    answer = (await over_tcp.get("/readyz")).json()
    assert (answer["ready"], answer["lag_records"]) == (True, 25)
    monkeypatch.setattr(health, "MAX_LAG_RECORDS", 24)
    answer = await over_tcp.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "the tables lack 25 records of the log: does a projector run?"
    url = f"sqlite:///{tmp_path}/autoheal.db"
    projecting = asyncio.create_task(run_projector(broker.bootstrap, url, prefix=topics.prefix))
    async with asyncio.timeout(PATIENCE_S):
        while (status := (await over_tcp.get("/api/status")).json())["lag_records"]:
            pass
    projecting.cancel()
    with suppress(asyncio.CancelledError):
        await projecting
    assert (status["broker"], status["projected_at"]) == (True, "2026-11-22T12:00:24Z")


async def test_metrics_tell_of_decisions_and_latencies(tables, client):
    """Failures by category, decision and reason as the tables have them, and requests by route, never by path."""
    fold(tables, [diagnosed("a"), requested("a"), diagnosed("b"), suppressed("b"), diagnosed("c")])
    await client.get("/api/tasks/some%2Ftask/timeline")
    await client.request("INVENTED", "/api/tasks")
    lines = (await client.get("/metrics")).text.splitlines()
    for decision, reason in (("requested", ""), ("suppressed", "cooldown"), ("pending", "")):
        labels = f'category="provider_error",decision="{decision}",reason="{reason}"'
        assert f"autoheal_failures{{{labels}}} 1.0" in lines
    route = 'method="GET",route="/api/tasks/{task_id:path}/timeline",status="404"'
    assert f"autoheal_api_seconds_count{{{route}}} 1.0" in lines
    assert "autoheal_lag_records NaN" in lines
    assert not [line for line in lines if "INVENTED" in line]


async def test_a_new_database_is_one_that_is_opened(url):
    """The tables are there as soon as the API is built: no projector has to come first."""
    build_api(NOWHERE, url)
    with open_database(url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM heals")).scalar_one() == 0
