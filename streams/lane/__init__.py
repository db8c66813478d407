"""The batch lane: Faust, vectorised. See docs/lane.md for what it relies on."""

from streams.lane.app import LaneApp
from streams.lane.batch import Batch
from streams.lane.table import LaneTable
from streams.lane.worker import run_worker

__all__ = ["Batch", "LaneApp", "LaneTable", "run_worker"]
