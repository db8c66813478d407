"""The projector, until it has so many records: `python -m bench.contestants.projector BOOTSTRAP URL RECORDS`."""

import asyncio
import sys

from autoheal.waiting import first_of
from bench.contestants.marks import mark
from projections.projector import run_projector


async def main(bootstrap: str, url: str, records: str) -> None:
    left, all_read = int(records), asyncio.Event()

    def on_batch(size: int) -> None:
        nonlocal left
        if left == int(records):
            mark("first", rows=size)
        left -= size
        if left <= 0:
            mark("done")
            all_read.set()

    await first_of(run_projector(bootstrap, url, on_batch=on_batch), all_read.wait())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
