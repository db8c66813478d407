"""Lists: their filters, and pages that neither repeat nor leave out."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from projections import tables as views
from tests.examples import IDEA, TASK, after
from tests.projections.given import EVIDENCE, concluded, dead_lettered, diagnosed, fold, requested, suppressed

LISTS = ("/api/heals", "/api/failures", "/api/tasks", "/api/dead-letters")


def task(task_id, at=0, **columns):
    """The row of a task."""
    return {"task_id": task_id, "status": "running", "status_at": after(at), "last_event_at": after(at)} | columns


def ids(pages, name):
    """The ids on pages, in order."""
    return [item[name] for items in pages for item in items]


async def asked(client, path, **parameters):
    """The items of a first page."""
    return (await client.get(path, params=parameters)).raise_for_status().json()["items"]


async def test_pages_of_one_moment_neither_repeat_nor_leave_out(tables, walk):
    """Five heals of one moment come in pages of two, each once, behind a newer one and before an older one."""
    fold(tables, [requested(heal_task_id=f"h{each}", failure_id=f"f{each}") for each in range(5)])
    fold(tables, [requested("new", 60, "newer"), requested("old", -60, "older")])
    pages = await walk("/api/heals", limit=2)
    assert [len(items) for items in pages] == [2, 2, 2, 1]
    assert ids(pages, "heal_task_id") == ["newer", "h4", "h3", "h2", "h1", "h0", "older"]


async def test_what_comes_meanwhile_moves_no_page(tables, client):
    """A heal that is requested between two pages is on neither: the second goes on where the first ended."""
    fold(tables, [requested(f"f{each}", each, f"h{each}") for each in range(4)])
    first = (await client.get("/api/heals", params={"limit": 2})).json()
    fold(tables, [requested("f9", 9, "h9")])
    second = (await client.get("/api/heals", params={"limit": 2, "cursor": first["next"]})).json()
    assert ids([first["items"], second["items"]], "heal_task_id") == ["h3", "h2", "h1", "h0"]
    assert second["next"] is None


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_list_is_a_page(client, path):
    """Nothing is no error."""
    assert (await client.get(path)).json() == {"items": [], "next": None}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        ({"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ({"limit": 201}, "limit: Input should be less than or equal to 200"),
        ({"cursor": "WzEsMl0"}, "cursor: it is none of ours, leave it out to begin anew"),
        ({"cursor": "~"}, "cursor: it is none of ours, leave it out to begin anew"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named_in_one_line(client, path, parameters, detail):
    """A client learns which parameter it is and what it may be."""
    answer = await client.get(path, params=parameters)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


@pytest.mark.parametrize("since", ["yesterday", "2026-11-22T10:00:00", "7w", "0001-01-01T00:00:00+23:59"])
async def test_a_moment_that_is_none_is_refused(client, since):
    """A moment is a duration ago or a time with its zone."""
    answer = await client.get("/api/heals", params={"since": since})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("since: write a duration such as 30m, 24h or 7d, or a time with its zone")


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"category": "timeout"}, ["b"]),
        ({"strategy": "mine"}, ["c"]),
        ({"outcome": "succeeded"}, ["a"]),
        ({"outcome": "open"}, ["c", "b"]),
        ({"idea_id": IDEA}, ["c", "a"]),
        ({"source_task_id": "other"}, ["c"]),
        ({"since": after(60).isoformat()}, ["c", "b"]),
        ({"until": after(60).isoformat()}, ["a"]),
        ({"since": "30m"}, []),
        ({"outcome": "open", "category": "provider_error"}, ["c"]),
    ],
)
async def test_heals_are_filtered(tables, client, parameters, found):
    """Each filter keeps the heals that it names, and filters add up."""
    fold(tables, [requested("a", 0, "a"), concluded("succeeded", "a")])
    fold(tables, [requested("b", 60, "b", error_category="timeout", idea_id=None)])
    fold(tables, [requested("c", 120, "c", strategy_name="mine", source_task_id="other")])
    assert [heal["heal_task_id"] for heal in await asked(client, "/api/heals", **parameters)] == found


async def test_a_heal_has_the_columns_of_its_table(tables, client):
    """Times are ISO 8601 in UTC, what is not known is null."""
    fold(tables, [requested()])
    (heal,) = await asked(client, "/api/heals")
    assert list(heal) == [column.name for column in views.heals.columns]
    assert (heal["requested_at"], heal["outcome"]) == ("2026-11-22T12:00:00Z", None)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"category": "timeout"}, ["b"]),
        ({"decision": "requested"}, ["a"]),
        ({"decision": "suppressed"}, ["b"]),
        ({"decision": "pending"}, ["c"]),
        ({"suppression_reason": "cooldown"}, ["b"]),
        ({"idea_id": "another"}, ["c"]),
        ({"task_id": TASK}, ["b", "a"]),
        ({"provider": "anthropic"}, ["c"]),
        ({"since": after(60).isoformat(), "until": after(120).isoformat()}, ["b"]),
    ],
)
async def test_failures_are_filtered(tables, client, parameters, found):
    """Each filter keeps the failures that it names."""
    fold(tables, [diagnosed("a"), requested("a")])
    fold(tables, [diagnosed("b", 60, error_category="timeout"), suppressed("b", 60)])
    fold(tables, [diagnosed("c", 120, idea_id="another", task_id="other", provider="anthropic")])
    assert [failure["failure_id"] for failure in await asked(client, "/api/failures", **parameters)] == found


async def test_a_failure_tells_what_was_decided(tables, client):
    """It has its evidence, and either the heal or when a heal may be tried again."""
    fold(tables, [diagnosed("a"), requested("a"), diagnosed("b", 1), suppressed("b", 1)])
    suppressed_one, requested_one = await asked(client, "/api/failures")
    assert requested_one["evidence"] == [EVIDENCE]
    assert (requested_one["heal_task_id"], requested_one["retry_at"]) == ("heal_1", None)
    assert (suppressed_one["heal_task_id"], suppressed_one["retry_at"]) == (None, "2026-11-22T12:15:01Z")


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["task_B", "task_b", "other"]),
        ({"q": "task_"}, ["task_B", "task_b"]),
        ({"q": "task_b"}, ["task_b"]),
        ({"q": "idea_"}, ["other"]),
        ({"q": "%"}, []),
        ({"q": "ask"}, []),
        ({"q": "\0"}, []),
        ({"status": "failed"}, ["task_b"]),
        ({"status": "failed", "q": "idea"}, []),
    ],
)
async def test_tasks_are_found_by_how_their_ids_begin(tables, client, parameters, found):
    """The task's id or its idea's begins with the text, case as it is; the newest event comes first."""
    rows = [task("other", idea_id="idea_7"), task("task_b", 1, status="failed"), task("task_B", 2)]
    with tables.begin() as connection:
        for row in rows:
            connection.execute(insert(views.tasks).values(row))
    assert [task["task_id"] for task in await asked(client, "/api/tasks", **parameters)] == found


async def test_dead_letters_come_newest_first(tables, client):
    """Each with the reason and the coordinate of its record."""
    fold(tables, [dead_lettered(0, offset=1), dead_lettered(60, offset=2)])
    letters = await asked(client, "/api/dead-letters")
    assert [letter["record_offset"] for letter in letters] == [2, 1]
    assert letters[0]["reason"] == "data.task_id: Field required"


async def test_cooldowns_that_still_run(tables, client):
    """Those that are over are left out, soonest over first, and of one scope the one that ends last."""
    now = datetime.now(UTC)
    for number, (scope, minutes) in enumerate([("a", -1), ("b", 30), ("c", 10), ("b", 20)]):
        until = now + timedelta(minutes=minutes)
        fold(tables, [requested(f"f{number}", 0, f"h{number}", cooldown_scope=scope, cooldown_until=until)])
    answer = (await client.get("/api/cooldowns")).json()
    assert [(each["cooldown_scope"], each["heal_task_id"]) for each in answer["items"]] == [("c", "h2"), ("b", "h1")]
    assert datetime.fromisoformat(answer["now"]) >= now
