"""Runs an app in the foreground."""

import gc
import logging
from typing import Final

import faust

from streams.lane.app import LaneApp
from streams.lane.handler import BatchFailedError

SERVICES: Final = ("app", "consumer", "producer", "table")

log = logging.getLogger(__name__)

QUIET: Final = {
    **dict.fromkeys(("aiokafka", "faust", "mode"), logging.WARNING),
    # Tells as an error what it tries again by itself, such as a broker that has only just started; the rest it raises.
    "aiokafka.consumer.group_coordinator": logging.CRITICAL,
    # These tell of a crash, with the traceback for each service that it reaches. It is told once, below.
    **dict.fromkeys(("faust.worker", *(f"streams.lane.{part}" for part in SERVICES)), logging.CRITICAL + 1),
}


def run_worker(app: LaneApp) -> int:
    """Run an app until SIGINT or SIGTERM, then let it finish its batches, commit and leave the group.

    Returns:
        The exit code for the process: 0 after a clean stop, 1 after a crash, which is logged in one line; its
        traceback is logged at the level DEBUG.
    """
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    # Events die by their reference count and rows are bytes: the collector finds nothing, however often it looks.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    worker = faust.Worker(app, quiet=True, override_logging=False)
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        if end.code and (reason := worker.crash_reason) is not None:
            log.critical("the worker ended: %s", _told(reason))
            log.debug("what ended it", exc_info=reason)
        return int(end.code or 0)


def _told(reason: BaseException) -> str:
    return str(reason) if isinstance(reason, BatchFailedError) else f"{type(reason).__name__}: {reason}"
