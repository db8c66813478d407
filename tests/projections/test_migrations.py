"""An older database is upgraded with its rows, a newer one refused, and the steps lead to what the code describes."""

import subprocess
import sys
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text

from projections import tables, views
from projections.database import DatabaseUnreachableError, open_database
from projections.dialects import set_up
from projections.migrations import HEAD, KNOWN, NewerDatabaseError
from projections.migrations.upgrade import STEPS
from tests.examples import after
from tests.projections.given import diagnosed, fold, requested

OLD_ROWS = {
    "failures": "'f1', '2026-11-22 12:00:00.000000', 'task_42', 'idea_7', 'impl', 'openai', 'codex', 'timeout', "
    "'timed out', true, 'deadline', 0.9, '[]', 'rules', 'timeout', 'requested', NULL",
    "heals": "'h1', 'f1', 'task_42', 'idea_7', 'timeout', 'timed out', 'timeout', 1, 'timeout', 'Try again.', NULL, "
    "NULL, '2026-11-22 12:00:00.000000', '2026-11-22 13:00:00.000000', 'succeeded', "
    "'2026-11-22 12:01:00.000000', 60",
    "failures_hourly": "'2026-11-22 12:00:00.000000', 'timeout', 1, 1, 0",
    "dead_letters": "'d1', '2026-11-22 12:00:00.000000', 'work', 'autoheal.tasks', 3, 10, NULL, 'why', '{}', false, "
    "NULL",
    "projection_offsets": "'autoheal.failures', 0, 1",
}
"""A row of each of some tables, in the order that their columns had before Alembic."""


@contextmanager
def connected(url):
    """A transaction on a database that nothing has been done to."""
    engine = create_engine(url)
    set_up(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def old(url):
    """The URL of a database as the first program left it: tables with rows, and no version."""
    with connected(url) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(STEPS))
        command.upgrade(config, KNOWN[0])
        for table, values in OLD_ROWS.items():
            connection.execute(text(f"INSERT INTO {table} VALUES ({values})"))
        connection.execute(text("DROP TABLE alembic_version"))
    return url


def definitions(connection):
    """Return what the database says of each view."""
    inspector = inspect(connection)
    return {name: " ".join(inspector.get_view_definition(name).split()) for name in inspector.get_view_names()}


def test_an_older_database_is_upgraded_and_keeps_its_rows(old):
    """Every row is there after the upgrade as it was, and the new views show it."""
    with connected(old) as connection:
        before = stored(connection)
    open_database(old).dispose()
    with connected(old) as connection:
        kept = stored(connection)
        assert all(before[table].items() <= kept[table].items() for table in OLD_ROWS)
        decision = connection.execute(text("SELECT failure_id, heal_task_id, outcome FROM decisions")).one()
        assert tuple(decision) == ("f1", "h1", "succeeded")
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


def stored(connection):
    """Return the only row of each of the older tables."""
    return {table: dict(connection.execute(text(f"SELECT * FROM {table}")).mappings().one()) for table in OLD_ROWS}


@pytest.mark.parametrize("age", ["new", "old"])
def test_the_steps_lead_to_the_tables_and_views_of_the_code(request, url, age):
    """Whoever changes a table or a view adds a step: the database then has nothing more, less or otherwise."""
    open_database(url if age == "new" else request.getfixturevalue("old")).dispose()
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
        made_by_steps = definitions(connection)
        comments = view_comments(connection)
        views.metadata.drop_all(connection)
        for view in views.metadata.sorted_tables:
            connection.execute(view._creator_ddl)
        assert made_by_steps == definitions(connection)
    if comments:
        assert comments == {
            view.name: {c.name: c.comment for c in view.columns} for view in views.metadata.sorted_tables
        }


def view_comments(connection):
    """Return the comments of each view's columns, where the database keeps any."""
    if connection.dialect.name == "sqlite":
        return {}
    inspector = inspect(connection)
    return {
        name: {column["name"]: column["comment"] for column in inspector.get_columns(name)}
        for name in inspector.get_view_names()
    }


def test_the_known_versions_are_those_of_the_steps():
    """The list that is read at each start names every step, in order."""
    steps = ScriptDirectory(str(STEPS)).walk_revisions()
    assert [step.revision for step in steps] == list(reversed(KNOWN))


def test_many_upgrade_an_older_database_at_once(old):
    """Programs that start together after an upgrade wait for the first of them, and find what it made."""
    code = f"from projections.database import open_database; open_database({old!r})"
    starting = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate()[1] for process in starting] == [b""] * 4
    with connected(old) as connection:
        assert connection.scalar(text("SELECT count(*) FROM heals WHERE cooldown_until IS NULL")) == 1


def test_an_upgrade_that_fails_leaves_everything_as_it_was(old):
    """It is one transaction: the database is still the old one, and the next try finds it so."""
    with connected(old) as connection:
        connection.execute(text("CREATE TABLE tasks (of_somebody_else INTEGER)"))
        before = inspect(connection).get_table_names()
    with pytest.raises(DatabaseUnreachableError, match=r"tasks.* already exists"):
        open_database(old)
    with connected(old) as connection:
        assert inspect(connection).get_table_names() == before
        connection.execute(text("DROP TABLE tasks"))
    open_database(old).dispose()
    with connected(old) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


def test_a_newer_database_is_refused(url):
    """A database that a later program has upgraded is left alone, and the line says what to do."""
    open_database(url).dispose()
    with connected(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match=r"schema 9999 .*: upgrade autoheal, or set AUTOHEAL_DATABASE_URL"):
        open_database(url)


def test_a_database_that_is_up_to_date_opens_without_alembic(url):
    """Commands start fast: what upgrades is not even loaded."""
    open_database(url).dispose()
    code = f"import sys; from projections.database import open_database; open_database({url!r}); "
    code += "sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_upgraded_database_takes_what_comes(old):
    """Its columns stand in another order than those of a new one; rows go in by name all the same."""
    engine = fold(open_database(old), [diagnosed("f2"), requested("f2", heal_task_id="h2")])
    with engine.connect() as connection:
        found = connection.execute(select(tables.heals).where(tables.heals.c.heal_task_id == "h2")).mappings().one()
        assert (found["cooldown_until"], found["outcome"], found["failure_id"]) == (after(900), None, "f2")
        cooldown = connection.execute(select(views.metadata.tables["cooldowns"])).mappings().one()
        assert (cooldown["heal_task_id"], cooldown["cooldown_until"]) == ("h2", after(900))
    engine.dispose()
