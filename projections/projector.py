"""The process that keeps the tables up to date with the log."""

import gc
from collections.abc import Callable
from typing import Final

from events.broker import probe
from projections.database import open_database
from projections.follower import following
from projections.metrics import ProjectorMetrics

COLLECT_EVERY: Final = 500_000
"""Objects. A batch makes a hundred thousand, and no cycles: to look for some took a third of the projector's time."""


async def run_projector(
    bootstrap: str,
    database_url: str,
    *,
    prefix: str = "autoheal",
    on_batch: Callable[[int], None] | None = None,
    metrics: ProjectorMetrics | None = None,
) -> None:
    """Keep the tables of a database up to date with the log, until cancelled.

    Records that are no events are left out with a line in the log; the worker keeps them in the dead letters.
    Partitions that are added to a topic are seen at the next start. When the tables are rebuilt meanwhile, it goes on
    from where the new ones are.

    Args:
        bootstrap: Address of the broker, `host:port`, several separated by commas.
        database_url: SQLAlchemy's, such as `sqlite:///autoheal.db`.
        prefix: Prefix of the topic names.
        on_batch: Called with the number of records of each batch once it is committed.
        metrics: Where to note each transaction and the lag; nowhere when left out.

    Raises:
        BrokerUnreachableError: Nobody answers at the address.
        DatabaseUnreachableError: The database cannot be opened or written.
        AnotherProjectorError: A second projector writes to the same database.
        LogMismatchError: A topic does not exist, or the log is not the one that the tables were made from.
    """
    gc.set_threshold(COLLECT_EVERY)
    await probe(bootstrap)
    engine = open_database(database_url)
    try:
        async with following(bootstrap, engine, prefix) as follower:
            while True:
                records = await follower.follow()
                if on_batch and records:
                    on_batch(records)
                if metrics:
                    metrics.observe(records, follower.transaction_seconds, follower.lag())
    finally:
        engine.dispose()
