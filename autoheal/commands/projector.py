"""`autoheal projector`."""

import asyncio

import structlog

from autoheal.brokers import prepare_broker
from autoheal.logs import configure_logs
from autoheal.scraping import serve_metrics
from autoheal.settings import Settings, SettingsError, load_settings
from autoheal.waiting import first_of, stop_signal
from projections.follower import LogMismatchError
from projections.metrics import ProjectorMetrics
from projections.offsets import AnotherProjectorError
from projections.projector import run_projector

_log = structlog.get_logger("projector")


def projector() -> None:
    """Keep the database's tables up to date with the log, until SIGINT or SIGTERM.

    Its offsets are in the same transactions as its rows: killed at any moment it goes on exactly.

    ```
    autoheal projector
    AUTOHEAL_DATABASE_URL=sqlite:////var/lib/heal.db autoheal projector
    ```
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    try:
        asyncio.run(_until_stopped(settings))
    except (AnotherProjectorError, LogMismatchError) as error:
        raise SettingsError(str(error)) from None


async def _until_stopped(settings: Settings) -> None:
    await prepare_broker(settings)
    _log.info("projecting", broker=settings.bootstrap_servers)
    projecting = run_projector(
        settings.bootstrap_servers,
        settings.database_url,
        prefix=settings.topic_prefix,
        on_batch=lambda records: _log.info("batch stored", records=records),
        metrics=ProjectorMetrics() if serve_metrics(settings) else None,
    )
    await first_of(stop_signal(), projecting)
    _log.info("stopped")
