"""The databases that the projections are held to: the same tests on each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from events import CloudEvent, Topics
from events.admin import create_topics
from events.broker import probe
from projections.database import open_database, transaction
from projections.tables import metadata
from tests.postgres import Postgres, missing_tools
from tests.projections.following import PARTITIONS
from tests.projections.given import fold


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL server, shared by the tests of the session."""
    if missing := missing_tools():
        pytest.skip(f"no {' and no '.join(missing)} on this machine")
    with Postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return request.param


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database, empty and without tables."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path}/autoheal.db"
    else:
        with request.getfixturevalue("postgres").schema() as url:
            yield url


@pytest.fixture
def tables(url: str) -> Iterator[Engine]:
    """The database, opened."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def tables_of(tables: Engine) -> Callable[..., Engine]:
    """Fold events into empty tables: what an earlier call made is gone."""

    def folded(*events: CloudEvent) -> Engine:
        with transaction(tables) as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())
        return fold(tables, events)

    return folded


@pytest.fixture
async def bootstrap(broker, prefix):
    """The address of a broker with the topics."""
    able = await probe(broker.bootstrap)
    await create_topics(broker.bootstrap, Topics(prefix).all(), partitions=PARTITIONS, broker=able)
    return broker.bootstrap
