"""`python -m bench.crashtest`."""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated, Final, Literal

import typer
from rich.console import Console

from autoheal.embedded import BrokerProcess, EmbeddedBroker
from bench.crashtest.broken import Defect
from bench.crashtest.chaos import schedule
from bench.crashtest.report import show
from bench.crashtest.trial import Report, Trial, run_trial
from tests.kafka.apache import ApacheKafka, missing_tools

BROKERS: Final[dict[str, type[BrokerProcess]]] = {"embedded": EmbeddedBroker, "apache-kafka": ApacheKafka}
PREFIX: Final = "crashtest"
DRAIN_S: Final = 90.0


def crashtest(
    broker: Annotated[Literal["embedded", "apache-kafka", "both"], typer.Option(help="On which broker.")] = "both",
    kills: Annotated[int, typer.Option(help="How many processes are killed on each.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the load and of who is struck when.")] = 1,
    rate: Annotated[int, typer.Option(help="Records per second.")] = 400,
    defect: Annotated[Defect | None, typer.Option("--break", help="Run a broken worker, to see it caught.")] = None,
) -> None:
    """Kill workers and projector at random under load, then check every decision and every count from the log."""
    console = Console(highlight=False)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it retries by itself while new topics find their leaders
    worker = ("-m", "bench.crashtest.broken", defect) if defect else ("-m", "autoheal", "worker")
    passed = []
    for name in _brokers(broker, console):
        console.rule(f"{name}, seed {seed}, {f'broken: {defect}' if defect else 'the worker as it is'}")
        directory = Path(mkdtemp(prefix="autoheal-crashtest-"))
        with BROKERS[name]() as running:
            blows = schedule(seed, kills)
            trial = Trial(running.bootstrap, directory, PREFIX, worker, blows, seed, rate, DRAIN_S)
            report = asyncio.run(run_trial(trial, _Clock(console).tell))
        show(console, name, report)
        _tidy(report, console)
        passed.append(report.passed)
    raise typer.Exit(0 if all(passed) else 1)


class _Clock:
    """Prints lines with the seconds that went by."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def tell(self, line: str) -> None:
        self._console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  {line}")


def _tidy(report: Report, console: Console) -> None:
    """Keep what helps to understand a failure, and nothing else."""
    if report.passed:
        rmtree(report.trial.directory)
    else:
        console.print(f"what the processes logged, the tables and log.jsonl are in {report.trial.directory}")


def _brokers(chosen: str, console: Console) -> Iterator[str]:
    missing = missing_tools()
    for name in BROKERS if chosen == "both" else [chosen]:
        if name == "apache-kafka" and missing:
            console.print(f"[yellow]apache-kafka is left out: no {' and no '.join(missing)} on PATH")
        else:
            yield name


if __name__ == "__main__":
    typer.run(crashtest)
