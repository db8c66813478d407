"""The bench, see docs/benchmarks.md: `python -m bench [--quick] [--only WHAT] [--json FILE]`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import latency, projection, recovery, throughput
from bench.mix import generate
from bench.report import Results, show, write_json

console = Console()


class What(StrEnum):
    """What can be measured by itself."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    RECOVERY = "recovery"
    PROJECTION = "projection"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    tasks: int
    rounds: int
    latency_seconds: float
    rows: int
    projected_tasks: int


FULL = Sizes(tasks=50_000, rounds=5, latency_seconds=20.0, rows=200_000, projected_tasks=20_000)
QUICK = Sizes(tasks=5_000, rounds=1, latency_seconds=4.0, rows=20_000, projected_tasks=2_000)
RATES = (1_000, 5_000)


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Small sizes and one round, to see that everything runs.")] = False,
    only: Annotated[What | None, typer.Option(help="Measure nothing else.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write every run into this file.")] = None,
) -> None:
    """Measure this worker beside an idiomatic Faust app, raw aiokafka and Quix Streams."""
    sizes = QUICK if quick else FULL

    def asked(what: What) -> bool:
        return only in (None, what)

    results = Results(
        runs=tuple(_throughput(sizes)) if asked(What.THROUGHPUT) else (),
        latencies=tuple(_latencies(sizes)) if asked(What.LATENCY) else (),
        recoveries=tuple(_recoveries(sizes)) if asked(What.RECOVERY) else (),
        projections=tuple(_projections(sizes)) if asked(What.PROJECTION) else (),
    )
    show(results, console)
    if json:
        write_json(results, json)


def _throughput(sizes: Sizes) -> Iterator[throughput.Run]:
    mix = generate(sizes.tasks)
    for number in range(1, sizes.rounds + 1):
        for entrant in throughput.ENTRANTS:
            with console.status(f"throughput, round {number} of {sizes.rounds}: {entrant.name}"):
                yield asyncio.run(throughput.measure(entrant, mix))


def _latencies(sizes: Sizes) -> Iterator[latency.Latency]:
    for rate in RATES:
        with console.status(f"latency at {rate} events/s"):
            yield asyncio.run(latency.measure(rate, sizes.latency_seconds))


def _recoveries(sizes: Sizes) -> Iterator[recovery.Recovery]:
    with console.status(f"recovery of {sizes.rows} rows"):
        yield asyncio.run(recovery.measure(sizes.rows))


def _projections(sizes: Sizes) -> Iterator[projection.Projection]:
    with console.status("projection: the agents make the log"):
        log = projection.whole_log(generate(sizes.projected_tasks))
    for number in range(1, sizes.rounds + 1):
        for database in projection.databases():
            with console.status(f"projection, round {number} of {sizes.rounds}: {database}"):
                yield asyncio.run(projection.measure(database, log))


if __name__ == "__main__":
    typer.run(main)
