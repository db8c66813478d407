"""Runs an app in the foreground."""

import logging

import faust

from streams.lane.app import LaneApp

NOISY = ("aiokafka", "faust", "mode", "streams.lane")


def run_worker(app: LaneApp) -> int:
    """Run an app until SIGINT or SIGTERM, then let it finish its batches, commit and leave the group.

    Returns:
        The exit code for the process: 0 after a clean stop, 1 after a crash.
    """
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    worker = faust.Worker(app, quiet=True, override_logging=False)
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        return int(end.code or 0)
