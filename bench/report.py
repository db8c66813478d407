"""The figures as tables, and as JSON."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import orjson
from rich.console import Console
from rich.table import Table

from bench.figures import Spread
from bench.latency import Latency
from bench.projection import Projection
from bench.recovery import Recovery
from bench.throughput import ENTRANTS, Run

OURS: Final = ENTRANTS[0].name
LEAST_RATIOS: Final = {"idiomatic Faust": 15.0, "Quix Streams": 1.5, "raw aiokafka + orjson": 0.15}
LATENCY_RATE: Final = 5000
MOST_P99_MS: Final = 150.0
RECOVERED_ROWS: Final = 200_000
MOST_RECOVERY_S: Final = 2.0
LEAST_PROJECTED: Final = 30_000
"""Events per second into SQLite."""
LEAST_OF_COPY: Final = 0.3
"""Of PostgreSQL's own bulk load."""


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured; what was not asked for is empty."""

    runs: Sequence[Run] = ()
    latencies: Sequence[Latency] = ()
    recoveries: Sequence[Recovery] = ()
    projections: Sequence[Projection] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What was to reach, beside what was reached."""

    name: str
    target: str
    measured: str
    met: bool


def write_json(results: Results, file: Path) -> None:
    """Write every single run, the targets, and what it was measured on."""
    document = {"machine": machine(), "results": results, "targets": list(targets(results))}
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def machine() -> dict[str, Any]:
    """Return what the figures depend on; a load above the bench's own makes every absolute figure worse."""
    return {"cpus": os.cpu_count(), "load": os.getloadavg()[1], "python": platform.python_version()}


def show(results: Results, console: Console) -> None:
    """Print a table for each thing measured, then the targets."""
    console.print("{cpus} CPUs, load {load:.1f} over the last 5 minutes, Python {python}".format(**machine()))
    if results.runs:
        console.print(_throughput(results.runs))
    if results.latencies:
        console.print(_latency(results.latencies))
    if results.recoveries:
        console.print(_recovery(results.recoveries))
    if results.projections:
        console.print(_projection(results.projections))
    console.print(_targets(list(targets(results))))


def targets(results: Results) -> Iterator[Target]:
    """Compare what was measured with what is to be reached."""
    for name, least in LEAST_RATIOS.items():
        if (ratio := _ratio(results.runs, name)) is not None:
            yield Target(f"throughput / {name}", f">= {least} x", _times(ratio), ratio.median >= least)
    for latency in results.latencies:
        if latency.events_per_second == LATENCY_RATE:
            met = latency.p99_ms < MOST_P99_MS
            yield Target("p99 at 5000/s", f"< {MOST_P99_MS:.0f} ms", f"{latency.p99_ms:.0f} ms", met)
    for recovery in results.recoveries:
        if recovery.rows == RECOVERED_ROWS:
            met = recovery.seconds < MOST_RECOVERY_S
            yield Target("recovery of 200000 rows", f"< {MOST_RECOVERY_S:.0f} s", f"{recovery.seconds:.2f} s", met)
    if speed := _projected(results.projections, "sqlite", "events_per_second"):
        met = speed.median >= LEAST_PROJECTED
        yield Target("projector into SQLite", f">= {LEAST_PROJECTED:,}/s", f"{speed.median:,.0f}/s", met)
    if share := _projected(results.projections, "postgresql", "share_of_load"):
        yield Target("projector / COPY", f">= {LEAST_OF_COPY} x", _times(share), share.median >= LEAST_OF_COPY)


def _of(runs: Sequence[Run], name: str) -> list[Run]:
    return [run for run in runs if run.entrant == name and run.refusal is None]


def _ratio(runs: Sequence[Run], name: str) -> Spread | None:
    ours, theirs = ([run.events_per_second for run in _of(runs, who)] for who in (OURS, name))
    return Spread.of_ratios(ours, theirs) if ours and len(ours) == len(theirs) else None


def _times(ratio: Spread) -> str:
    return f"{ratio.median:.2f} x ({ratio.low:.2f}-{ratio.high:.2f})"


def _throughput(runs: Sequence[Run]) -> Table:
    table = _table("Throughput", "contestant", "events", "events/s (min-max)", "CPU us/event", "this worker is")
    for name in dict.fromkeys(run.entrant for run in runs):
        done = _of(runs, name)
        if not done:
            table.add_row(name, "did not run:", next(run.refusal for run in runs if run.entrant == name), "", "")
            continue
        speed, cpu = (
            Spread.of([getattr(run, figure) for run in done]) for figure in ("events_per_second", "cpu_us_per_event")
        )
        ratio = _ratio(runs, name) if name != OURS else None
        speeds = f"{speed.median:,.0f} ({speed.low:,.0f}-{speed.high:,.0f})"
        table.add_row(name, f"{done[0].events:,}", speeds, f"{cpu.median:.1f}", _times(ratio) if ratio else "")
    return table


def _latency(latencies: Sequence[Latency]) -> Table:
    table = _table("From publish to a visible heal.requested", "events/s", "published/s", "heals", "p50", "p99", "max")
    for seen in latencies:
        rates = f"{seen.events_per_second:,}", f"{seen.published_per_second:,.0f}"
        times = (f"{milliseconds:.0f} ms" for milliseconds in (seen.p50_ms, seen.p99_ms, seen.max_ms))
        table.add_row(*rates, f"{seen.heals:,}", *times)
    return table


def _recovery(recoveries: Sequence[Recovery]) -> Table:
    table = _table("Recovery", "rows", "seconds", "rows/s")
    for seen in recoveries:
        table.add_row(f"{seen.rows:,}", f"{seen.seconds:.2f}", f"{seen.rows / seen.seconds:,.0f}")
    return table


def _projected(runs: Sequence[Projection], database: str, figure: str) -> Spread | None:
    values = [getattr(run, figure) for run in runs if run.database == database]
    return Spread.of(values) if values else None


def _projection(runs: Sequence[Projection]) -> Table:
    table = _table(
        "Projector", "database", "events", "events/s (min-max)", "CPU us/event", "bulk load, events/s", "share"
    )
    for database in dict.fromkeys(run.database for run in runs):
        figures = ("events_per_second", "cpu_us_per_event", "loaded_per_second", "share_of_load")
        speed, cpu, loaded, share = (cast("Spread", _projected(runs, database, figure)) for figure in figures)
        speeds = f"{speed.median:,.0f} ({speed.low:,.0f}-{speed.high:,.0f})"
        events = next(run.events for run in runs if run.database == database)
        table.add_row(database, f"{events:,}", speeds, f"{cpu.median:.1f}", f"{loaded.median:,.0f}", _times(share))
    return table


def _targets(reached: Sequence[Target]) -> Table:
    table = _table("Targets", "what", "target", "measured", "")
    for target in reached:
        table.add_row(target.name, target.target, target.measured, "met" if target.met else "missed")
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
