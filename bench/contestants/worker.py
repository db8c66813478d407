"""This worker, whole, as `autoheal worker` runs it: `python -m bench.contestants.worker BOOTSTRAP [POLICY]`."""

import sys
from pathlib import Path
from typing import Any

from bench.contestants.first_event import FirstEvent
from bench.contestants.marks import mark
from bench.mix import PARTITIONS
from events.broker import TANSU
from events.topics import Topics
from streams.app import build_app
from streams.control import load_control
from streams.lane import LaneApp, run_worker


def main(bootstrap: str, policy: str | None = None) -> int:
    control = load_control(Path(policy) if policy else None)
    app = build_app(bootstrap, TANSU, Topics(), partitions=PARTITIONS, control=control)
    app.sensors.add(FirstEvent())
    _mark_recovery(app)
    code = run_worker(app)
    mark("stopped")
    return code


def _mark_recovery(app: LaneApp) -> None:
    @app.on_partitions_assigned.connect
    async def assigned(*_: Any, **__: Any) -> None:
        mark("assigned")

    @app.on_rebalance_complete.connect
    async def ready(*_: Any, **__: Any) -> None:
        rows = sum(len(rows) for table in app.lane_tables.values() for rows in table.data.rows.values())
        mark("ready", rows=rows)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
