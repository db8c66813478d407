"""Logs: readable lines on a terminal, JSON lines in a pipe, always on stderr."""

import logging
import sys
from collections.abc import Sequence
from typing import Literal

import orjson
import structlog
from structlog.types import Processor

SHARED: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
)


def configure_logs(level: str, form: Literal["auto", "console", "json"], *, clients: str = "warning") -> None:
    """Send our own events and the standard library's log records to stderr, in one form.

    Args:
        level: The least severe level that is shown.
        form: `auto` is readable on a terminal and JSON lines elsewhere.
        clients: The least severe level that is shown of Kafka's clients.
    """
    readable = form == "console" or (form == "auto" and sys.stderr.isatty())
    clock = structlog.processors.TimeStamper(*(("%H:%M:%S", False) if readable else ("iso", True)))
    structlog.configure(
        processors=[*SHARED, clock, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED, clock, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(readable)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("aiokafka").setLevel(clients.upper())
    logging.getLogger("alembic").setLevel("WARNING")  # it tells of its own parts whenever a database is opened


def _renderers(readable: bool) -> Sequence[Processor]:
    if readable:
        return (structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False),)
    return (
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
    )
