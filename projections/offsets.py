"""How far the tables have followed the log; kept in the same transaction as the rows."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, and_, select, update

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


def resume(engine: Engine, starts: Mapping[Position, int]) -> dict[Position, int]:
    """Return the next offset of each partition.

    Args:
        engine: The projections' database.
        starts: Where to begin with partitions that have not been read yet.

    Raises:
        DatabaseUnreachableError: The database cannot be written.
    """
    new = [
        {"topic": topic, "partition": partition, "next_offset": start} for (topic, partition), start in starts.items()
    ]
    with transaction(engine) as connection:
        connection.execute(insert(connection, offsets).on_conflict_do_nothing(), new)
        stored = {(row.topic, row.partition): row.next_offset for row in connection.execute(select(offsets))}
    return {position: stored[position] for position in starts}


def advance(connection: Connection, position: Position, *, before: int, after: int) -> None:
    """Move the next offset of a partition, in the connection's transaction.

    Raises:
        AnotherProjectorError: It was not where this projector left it.
    """
    topic, partition = position
    ours = and_(offsets.c.topic == topic, offsets.c.partition == partition, offsets.c.next_offset == before)
    if connection.execute(update(offsets).where(ours).values(next_offset=after)).rowcount != 1:
        raise AnotherProjectorError(position)
