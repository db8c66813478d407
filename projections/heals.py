"""`heals`: what was asked for, and what came of it."""

from collections.abc import Collection

from sqlalchemy import Connection, update

from events import HealRequested
from projections.dialects import among
from projections.entry import Entry
from projections.row import Row, fields
from projections.tables import heal_outcomes, heals


def row(entry: Entry[HealRequested]) -> Row:
    """Return the heal, still without an outcome."""
    return fields(entry.event.data, heals, requested_at=entry.logged_at)


def conclude(connection: Connection, ids: Collection[str]) -> None:
    """Note the outcomes of heals that have none yet; `ids` are those of which a request or outcome has just come."""
    known = {name: heal_outcomes.c[name] for name in ("outcome", "outcome_at", "elapsed_seconds")}
    open_ones = update(heals).where(among(connection, heals.c.heal_task_id), heals.c.outcome.is_(None))
    connection.execute(
        open_ones.where(heal_outcomes.c.heal_task_id == heals.c.heal_task_id).values(known), {"among": list(ids)}
    )
