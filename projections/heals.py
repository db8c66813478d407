"""`heals`: what was asked for, and what came of it."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, update

from events import HealRequested
from projections.row import Row, fields, log_time
from projections.tables import heal_outcomes, heals


def row(event: HealRequested) -> Row:
    """Return the heal, still without an outcome."""
    return fields(event.data, heals, requested_at=log_time(event))


_CONCLUDE = (
    update(heals)
    .where(
        heals.c.heal_task_id.in_(bindparam("ids", expanding=True)),
        heals.c.outcome.is_(None),
        heal_outcomes.c.heal_task_id == heals.c.heal_task_id,
    )
    .values({name: heal_outcomes.c[name] for name in ("outcome", "outcome_at", "elapsed_seconds")})
)


def conclude(connection: Connection, ids: Collection[str]) -> None:
    """Note the outcomes of heals that have none yet; `ids` are those of which a request or outcome has just come."""
    connection.execute(_CONCLUDE, {"ids": list(ids)})
