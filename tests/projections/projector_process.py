"""A projector to kill: `python -m tests.projections.projector_process BOOTSTRAP URL PREFIX`, a line for each batch."""

import asyncio
import sys

from projections import follower
from projections.projector import run_projector

if __name__ == "__main__":
    follower.MAX_BATCH = 50  # many transactions, so that a kill at random often hits one
    bootstrap, url, prefix = sys.argv[1:]
    asyncio.run(run_projector(bootstrap, url, prefix=prefix, on_batch=lambda size: print(size, flush=True)))
