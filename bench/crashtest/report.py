"""What was found, for people."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from bench.crashtest.history import Records
from bench.crashtest.trial import Report

SHOWN: Final = 3
SHOWN_CHARS: Final = 300


def show(console: Console, title: str, report: Report) -> None:
    """Print a table of everything that was checked, and the verdict."""
    console.print(Group(_table(title, report), *_lines(report)))


def _table(title: str, report: Report) -> Table:
    table = Table("rule", "cases", "broken", "", title=title, title_justify="left", title_style="bold")
    table.columns[1].justify = table.columns[2].justify = "right"
    for check in report.checks:
        broken = len(check.violations)
        table.add_row(check.rule, f"{check.cases:,}", f"{broken:,}", "[red]FAIL" if broken else "[green]PASS")
    return table


def _lines(report: Report) -> Iterator[RenderableType]:
    for check in report.broken:
        for violation in check.violations[:SHOWN]:
            yield f"[red]{check.rule}:[/] {escape(violation[:SHOWN_CHARS])}"
    if report.stuck:
        yield f"[red]{escape(report.stuck)}"
    yield from (f"[yellow]{escape(line)}" for line in report.exits)
    killed = sum(len(blow.victims) for blow in report.trial.blows if blow.kind == "kill")
    stopped = sum(blow.kind == "stop" for blow in report.trial.blows)
    history = report.history
    yield (
        f"{killed} processes killed, {stopped} stopped and woken; "
        f"{len(history.of('heal.requested')):,} heals requested, {len(history.of('heal.suppressed')):,} suppressed; "
        "published again after a crash, by design harmless: "
        f"{_repeats(history.diagnoses):,} diagnoses, {_repeats(history.decisions):,} decisions, "
        f"{_repeats(history.dead_letters):,} dead letters"
    )
    yield "[bold green]PASS" if report.passed else "[bold red]FAIL"


def _repeats(answers: Records) -> int:
    return sum(len(records) - 1 for records in answers.values())
