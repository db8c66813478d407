"""The tables are rebuilt from the log: the same rows, while others read and write."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from events import encode
from projections.database import transaction
from projections.rebuild import TAKEN, NotRebuildableError, rebuild
from projections.tables import failures, heals, projection_offsets
from tests.projections.following import all_rows, projector, publish, story, until
from tests.projections.given import rows


def ignored(_read, _of):
    """Progress that nobody looks at."""


async def test_the_rebuilt_tables_are_equal_row_by_row(bootstrap, prefix, url, tables):
    """Tables that were spoilt are those of the log again, row by row, offsets included; copies count once."""
    events = story(0, 60)
    await publish(bootstrap, prefix, map(encode, events + events[:50]))
    async with projector(bootstrap, prefix, url):
        await until(lambda: _read(tables) == len(events) + 50)
    expected, followed = all_rows(tables), _offsets(tables)
    with transaction(tables) as connection:
        connection.execute(delete(heals))
        connection.execute(update(failures).values(error_summary="spoilt"))

    assert await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored) == len(events) + 50

    assert all_rows(tables) == expected
    assert _offsets(tables) == followed
    assert {position["build"] for position in rows(tables, projection_offsets)} == {1}


async def test_a_running_projector_goes_on(bootstrap, prefix, url, tables):
    """A projector that runs meanwhile follows the new tables, and no record is counted twice or missed."""
    events = story(0, 40)
    async with projector(bootstrap, prefix, url):
        await publish(bootstrap, prefix, map(encode, events))
        await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)
        more = story(40, 40)
        await publish(bootstrap, prefix, map(encode, more))
        await until(lambda: _read(tables) == len(events) + len(more))
    found = all_rows(tables)
    await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)
    assert all_rows(tables) == found
    assert len(found["failures"]) == 80


async def test_readers_see_the_old_tables_until_the_new_ones_are_there(bootstrap, prefix, url, tables):
    """A transaction that began before the tables were replaced reads the old ones to its end."""
    events = story(0, 30)
    await publish(bootstrap, prefix, map(encode, events))
    count = select(failures.c.failure_id)
    with tables.connect() as reader:
        assert reader.execute(count).all() == []
        await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)
        assert reader.execute(count).all() == []
    with tables.connect() as reader:
        assert len(reader.execute(count).all()) == 30


async def test_it_says_how_far_it_is(bootstrap, prefix, url):
    """After each batch it tells how much is read, and of how much; it ends when all is."""
    await publish(bootstrap, prefix, map(encode, story(0, 30)))
    told = []
    records = await rebuild(bootstrap, url, prefix=prefix, on_batch=lambda read, of: told.append((read, of)))
    assert told[-1] == (records, records)
    assert all(read <= of for read, of in told)


async def test_nothing_is_left_beside(bootstrap, prefix, url, tables, database):
    """What was built beside is gone afterwards, and what a killed rebuild has left there does not get in the way."""
    await publish(bootstrap, prefix, map(encode, story(0, 3)))
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await _cancelled(rebuild(bootstrap, url, prefix=prefix, on_batch=_cancel))
    await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)
    assert len(rows(tables, failures)) == 3
    if database == "sqlite":
        assert sorted(path.name for path in Path(tables.url.database).parent.glob("*.rebuild*")) == []
    else:
        with tables.connect() as connection:
            schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = current_schema || '_rebuild'"
            assert connection.exec_driver_sql(schemas).scalar() == 0


async def test_a_second_rebuild_meanwhile_is_refused(bootstrap, prefix, url, tables):
    """Two would build in the same place: the later one is told so, and the first one ends well."""
    await publish(bootstrap, prefix, map(encode, story(0, 30)))
    refused = []
    with ThreadPoolExecutor(1) as thread:

        def begin_another(_read, _of):
            another = rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)
            refused.append(thread.submit(asyncio.run, another).exception())

        await rebuild(bootstrap, url, prefix=prefix, on_batch=begin_another)
    assert {(type(error), str(error)) for error in refused} == {(NotRebuildableError, TAKEN)}
    assert len(rows(tables, failures)) == 30
    await rebuild(bootstrap, url, prefix=prefix, on_batch=ignored)


async def test_a_database_in_memory_is_refused(bootstrap, prefix):
    """There is no place beside a database in memory, and the one line says so."""
    with pytest.raises(NotRebuildableError, match="set AUTOHEAL_DATABASE_URL to a file"):
        await rebuild(bootstrap, "sqlite://", prefix=prefix, on_batch=ignored)


def _cancel(_read, _of):
    raise asyncio.CancelledError


async def _cancelled(work):
    await asyncio.gather(work)


def _read(tables) -> int:
    return sum(position["next_offset"] for position in rows(tables, projection_offsets))


def _offsets(tables) -> list:
    return [{**position, "build": None} for position in rows(tables, projection_offsets)]
