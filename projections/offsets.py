"""How far the tables have followed the log; kept in the same transaction as the rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, and_, func, select, update

from projections.database import transaction
from projections.dialects import insert
from projections.tables import projection_offsets as offsets

Position = tuple[str, int]
"""A topic and a partition."""


class AnotherProjectorError(RuntimeError):
    """Somebody else moved the offsets that this projector follows."""

    def __init__(self, position: Position) -> None:
        """Name the partition and what to do, in one line."""
        topic, partition = position
        super().__init__(
            f"another projector writes to this database (it moved {topic}/{partition}): stop one of the two, "
            "or give each its own database"
        )


class RebuiltError(RuntimeError):
    """The tables were rebuilt since this projector began to follow them."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How far the tables have followed the log."""

    build: int
    """How often they were rebuilt."""
    next_offsets: dict[Position, int]


def resume(engine: Engine, starts: Mapping[Position, int]) -> Followed:
    """Return where to go on with each partition.

    Args:
        engine: The projections' database.
        starts: Where to begin with partitions that have not been read yet.

    Raises:
        DatabaseUnreachableError: The database cannot be written.
    """
    with transaction(engine) as connection:
        build = build_of(connection)
        new = [
            {"topic": topic, "partition": partition, "next_offset": start, "build": build}
            for (topic, partition), start in starts.items()
        ]
        connection.execute(insert(connection, offsets).on_conflict_do_nothing(), new)
        stored = {(row.topic, row.partition): row.next_offset for row in connection.execute(select(offsets))}
    return Followed(build, {position: stored[position] for position in starts})


def build_of(connection: Connection) -> int:
    """Return how often the tables were rebuilt."""
    return connection.scalar(select(func.max(offsets.c.build))) or 0


def advance(connection: Connection, followed: Followed, position: Position, after: int) -> None:
    """Move the next offset of a partition, in the connection's transaction.

    Raises:
        RebuiltError: The tables are others than those that this projector follows.
        AnotherProjectorError: The offset was not where this projector left it.
    """
    topic, partition = position
    before, build = followed.next_offsets[position], followed.build
    ours = and_(offsets.c.topic == topic, offsets.c.partition == partition, offsets.c.build == build)
    left = and_(ours, offsets.c.next_offset == before)
    if connection.execute(update(offsets).where(left).values(next_offset=after)).rowcount != 1:
        raise RebuiltError if build_of(connection) != build else AnotherProjectorError(position)
