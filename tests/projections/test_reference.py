"""The page of the tables says what the code says, and its examples run."""

from pathlib import Path

import pytest
from sqlalchemy import text

from projections import views
from projections.reference import EXAMPLES, document
from projections.tables import metadata
from tests.projections.history import tell

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_page_is_that_of_the_code():
    """`make docs` was run after the last change of a table or view."""
    assert PAGE.read_text() == document()


def test_every_table_and_view_has_an_example():
    """And no other."""
    assert EXAMPLES.keys() == {*metadata.tables, *views.metadata.tables}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_finds_something(tables, name):
    """As it stands on the page, on each database, over a history that has what it asks for."""
    with tell(tables).connect() as connection:
        assert connection.execute(text(EXAMPLES[name].query.rstrip(";"))).all()
