"""Tells what happens, in a few lines for each failure."""

import shlex
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.text import Text

from autoheal.demo.runner import Run
from autoheal.demo.task import Task
from autoheal.demo.watcher import HealDecision
from autoheal.evidence import marked
from autoheal.narration import COLOURS, clock
from events import FailureDiagnosed, HealRequested
from projections.stats import AutoHealStats

EVIDENCE_LINES: Final = 3
INDENT: Final = 4


class Narrator:
    """Tells the story on a console."""

    def __init__(self, console: Console, failures: int) -> None:
        """Prepare to tell of so many failures."""
        self._console = console
        self._failures = failures
        self._told = 0

    def opening(self) -> None:
        """Say what is about to be seen."""
        self._console.rule("[bold]Auto-Heal")
        self._console.print(
            f"{self._failures} commands really run, and really fail. What they print is published to a Kafka topic. "
            "A worker diagnoses each failure and asks for one heal, or says why not.\n"
        )

    def address(self, url: str) -> None:
        """Say where the same can be looked at in a browser meanwhile."""
        self._console.print(f"As long as it runs, all of it is also at {url}\n", highlight=False)

    def waiting(self, what: str) -> Status:
        """Return a sign of life for the length of a block."""
        return self._console.status(what)

    def task(self, task: Task, number: int) -> None:
        """Say what is run, for the how manyth time."""
        self._told += 1
        again = ", once more" if number > 1 else ""
        place = f"{self._told:>2}/{self._failures}  "
        self._console.print(Text.assemble((place, "dim"), (task.name, "bold"), f"  {task.about}{again}"))
        self._tell(Text(f"$ {shlex.join(task.command)}", "dim"))

    def end(self, run: Run) -> None:
        """Say how the command ended."""
        how = "stopped at its deadline" if run.timed_out else run.signal or f"exit code {run.exit_code}"
        self._tell(Text(f"  {how} after {run.elapsed_ms / 1000:.1f} s", "dim"))

    def diagnosis(self, output: str, event: FailureDiagnosed) -> None:
        """Show the words that speak, in their lines of the output, and say what they mean."""
        failure = event.data
        colour = COLOURS[failure.error_category]
        lines = marked(output, failure.evidence, f"bold {colour}").split("\n")
        for line in [line for line in lines if line.spans][:EVIDENCE_LINES]:
            self._tell(Text.assemble(("│ ", "dim"), line))
        what = (f"{failure.error_category} / {failure.reason}", f"bold {colour}")
        self._tell(Text.assemble(what, f"  {failure.error_summary}", (f"  {failure.confidence:.0%} sure", "dim")))

    def decision(self, decision: HealDecision) -> None:
        """Say what is done about it."""
        if isinstance(decision, HealRequested):
            heal = decision.data
            executor = f", executor {heal.executor_hint}" if heal.executor_hint else ""
            what = (f"→ heal requested (attempt {heal.retry_count}{executor}): ", "bold green")
            self._tell(Text.assemble(what, _advice(heal.direction)))
        else:
            again = f", again from {clock(decision.data.retry_at)}" if decision.data.retry_at else ""
            self._tell(Text(f"→ no heal: {decision.data.reason}{again}", "bold yellow"))
        self._console.print()

    def verdict(self, stats: AutoHealStats, problems: list[str]) -> None:
        """Say whether every failure got its one decision."""
        held_back = stats.total_failed - stats.heals_created
        for problem in problems:
            self._console.print(problem, style="bold red")
        if not problems:
            self._console.print(
                f"{stats.total_failed} failures, each with exactly one decision: "
                f"{stats.heals_created} heals requested, {held_back} held back with a reason.",
                style="bold green",
            )

    def _tell(self, text: Text) -> None:
        self._console.print(Padding.indent(text, INDENT))


def _advice(direction: str) -> str:
    """Return what to do first; the direction's first line repeats the diagnosis."""
    lines = direction.splitlines()
    return lines[min(1, len(lines) - 1)].partition(". ")[0].rstrip(".") + "."
