"""Upgrading a database; what is not needed to open one that is up to date."""

import logging
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect

from projections.migrations import HEAD, KNOWN

STEPS: Final = Path(__file__).parent
_log = logging.getLogger(__name__)
# It speaks of every step, and of transactions as if it had begun them.
logging.getLogger("alembic").setLevel(logging.WARNING)


def upgrade(connection: Connection, found: str | None) -> None:
    """Apply the steps that the database lacks, in the connection's transaction.

    Args:
        connection: To a database that nobody else upgrades meanwhile.
        found: Its version; None when it has none, since it is new or was made before there were versions.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(STEPS))
    if found is None and inspect(connection).has_table("failures"):
        command.stamp(config, KNOWN[0])
        found = KNOWN[0]
    command.upgrade(config, HEAD)
    _log.info("the schema is now %s, it was %s", HEAD, found or "empty")
