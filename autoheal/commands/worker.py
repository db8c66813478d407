"""`autoheal worker`."""

import asyncio

import structlog

from autoheal.brokers import prepare_broker
from autoheal.control import load_control
from autoheal.logs import configure_logs
from autoheal.scraping import serve_metrics
from autoheal.settings import load_settings
from events.topics import Topics
from streams.app import build_app
from streams.lane.worker import run_worker
from streams.metrics import WorkerMetrics

_log = structlog.get_logger("worker")


def worker() -> int:
    """Diagnose failures and decide on heals, until SIGINT or SIGTERM.

    Start as many as there are partitions: they share the work, and take over from one that dies.

    ```
    AUTOHEAL_BOOTSTRAP_SERVERS=kafka:9092 autoheal worker
    AUTOHEAL_POLICY=policy.toml autoheal worker
    ```
    """
    settings = load_settings()
    control = load_control(settings.policy)
    configure_logs(settings.log_level, settings.log_format)
    broker = asyncio.run(prepare_broker(settings))
    _log.info("working", broker=settings.bootstrap_servers, kind=broker.name, topics=f"{settings.topic_prefix}.*")
    return run_worker(
        build_app(
            settings.bootstrap_servers,
            broker,
            Topics(settings.topic_prefix),
            partitions=settings.partitions,
            control=control,
            metrics=WorkerMetrics() if serve_metrics(settings) else None,
        )
    )
