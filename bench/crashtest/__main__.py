"""`python -m bench.crashtest`."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, Literal

import typer
from rich.console import Console

from autoheal.embedded import BrokerProcess, EmbeddedBroker
from bench.crashtest.broken import Defect
from bench.crashtest.report import show
from bench.crashtest.trial import Trial, run_trial
from tests.kafka.apache import ApacheKafka, missing_tools

BROKERS: Final[dict[str, type[BrokerProcess]]] = {"embedded": EmbeddedBroker, "apache-kafka": ApacheKafka}
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
    worker = ("-m", "bench.crashtest.broken", defect) if defect else ("-m", "autoheal", "worker")
    passed = []
    for name in _brokers(broker, console):
        console.rule(f"{name}, seed {seed}, {f'broken: {defect}' if defect else 'the worker as it is'}")
        began = time.monotonic()

        def tell(line: str, began: float = began) -> None:
            console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {line}")

        with BROKERS[name]() as running, TemporaryDirectory(prefix="autoheal-crashtest-") as directory:
            trial = Trial(running.bootstrap, Path(directory), "crashtest", worker, seed, kills, rate, DRAIN_S)
            report = asyncio.run(run_trial(trial, tell))
        show(console, f"{name}, {time.monotonic() - began:.0f} s", report)
        passed.append(report.passed)
    raise typer.Exit(0 if all(passed) else 1)


def _brokers(chosen: str, console: Console) -> Iterator[str]:
    missing = missing_tools()
    for name in BROKERS if chosen == "both" else [chosen]:
        if name == "apache-kafka" and missing:
            console.print(f"[yellow]apache-kafka is left out: no {' and no '.join(missing)} on PATH")
        else:
            yield name


if __name__ == "__main__":
    typer.run(crashtest)
