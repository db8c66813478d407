"""Many rows at once: what is new goes in, and a database that takes no more says so in one line."""

import pytest

from projections import bulk
from projections.database import DatabaseUnreachableError, transaction
from projections.tables import heal_outcomes
from tests.examples import NOON
from tests.projections.given import rows

NO_SPACE = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON heal_outcomes EXECUTE FUNCTION full_disk();
"""


def outcome(heal, outcome="failed"):
    """A row of `heal_outcomes`."""
    return {"heal_task_id": heal, "outcome": outcome, "outcome_at": NOON, "elapsed_seconds": None}


def test_only_new_rows_go_in(tables):
    """Of the rows of a key the first stays, whether the second comes with it or later; new ones are returned."""
    with transaction(tables) as connection:
        assert bulk.insert_new(connection, heal_outcomes, [outcome("a"), outcome("a", "expired")]) == [outcome("a")]
        assert bulk.insert_new(connection, heal_outcomes, [outcome("a", "expired"), outcome("b")]) == [outcome("b")]
        assert bulk.insert_new(connection, heal_outcomes, []) == []
    assert rows(tables, heal_outcomes) == [outcome("a"), outcome("b")]


def test_replaced_rows_are_the_new_ones(tables):
    """A row takes the place of that with its key, and is inserted where there is none."""
    with transaction(tables) as connection:
        bulk.replace(connection, heal_outcomes, [outcome("a"), outcome("b")])
        bulk.replace(connection, heal_outcomes, [outcome("b", "expired"), outcome("c")])
    assert rows(tables, heal_outcomes) == [outcome("a"), outcome("b", "expired"), outcome("c")]


@pytest.mark.parametrize(
    "text", ["tab\t, line\n, return\r", r"back\\slash \N \. \t", "\\N", "\\.", "", "é 漢 \U0001f600"]
)
def test_every_text_is_stored_as_it_is(tables, text):
    """What COPY's format gives a meaning, and what is no ASCII, comes back as it went in."""
    with transaction(tables) as connection:
        bulk.insert_new(connection, heal_outcomes, [outcome("a", text)])
    assert rows(tables, heal_outcomes) == [outcome("a", text)]


def test_a_full_disk_is_one_line(tables, database):
    """Rows that find no space raise what says so in one line, and nothing of the transaction stays."""
    many = [outcome(f"heal_{i}" * 100) for i in range(1_000)]
    said = r"cannot be used \((no space left|database or disk is full)"
    with transaction(tables) as connection:
        connection.exec_driver_sql(NO_SPACE if database == "postgresql" else "PRAGMA max_page_count = 50")
        with pytest.raises(DatabaseUnreachableError, match=said):
            bulk.insert_new(connection, heal_outcomes, many)
        connection.rollback()
    assert rows(tables, heal_outcomes) == []
