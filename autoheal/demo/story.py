"""The demo from the first command to the verdict."""

import asyncio
from collections.abc import Sequence
from typing import Final

from autoheal import exits
from autoheal.commands.stats import show_stats
from autoheal.demo.narrator import Narrator
from autoheal.demo.runner import publish_end, publish_start, run
from autoheal.demo.task import Task
from autoheal.demo.watcher import Watcher
from autoheal.settings import Settings
from events import Publisher
from projections.database import open_database
from projections.stats import AutoHealStats, auto_heal_stats, diagnostics_completeness

SETTLED_S: Final = 30.0


class Story:
    """Lets tasks fail one after the other, and checks at the end that every failure was decided once."""

    def __init__(self, settings: Settings, narrator: Narrator) -> None:
        """Prepare to play on a running installation."""
        self._settings = settings
        self._narrator = narrator
        self._failures: list[str] = []
        self.watcher: Final = Watcher(settings)

    async def play(self, tasks: Sequence[Task], api: str) -> int:
        """Run the tasks and return the exit code.

        Args:
            tasks: What to run.
            api: Address of the web server that fails.

        Raises:
            UndecidedError: A failure got no decision in time.
        """
        async with Publisher(self._settings.bootstrap_servers, prefix=self._settings.topic_prefix) as publisher:
            for task in tasks:
                for number in range(1, task.runs + 1):
                    await self._fail(publisher, task, number, api)
        return await self._verdict()

    async def _fail(self, publisher: Publisher, task: Task, number: int, api: str) -> None:
        self._narrator.task(task, number)
        await publish_start(publisher, task)
        with self._narrator.waiting("running"):
            result = await run(task, api)
        self._narrator.end(result)
        failure_id = await publish_end(publisher, task, result)
        self._failures.append(failure_id)
        with self._narrator.waiting("published, waiting for the decision"):
            diagnosis, decision = await self.watcher.outcome(failure_id)
        self._narrator.diagnosis(result.output, diagnosis)
        self._narrator.decision(decision)

    async def _verdict(self) -> int:
        engine = open_database(self._settings.database_url)
        try:
            async with asyncio.timeout(SETTLED_S):
                # The projector is another process: there is no event to wait for.
                while not self._adds_up(stats := auto_heal_stats(engine)):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            problems = [f"the database counts {stats.total_failed} failures, not {len(self._failures)}"]
        else:
            problems = []
        show_stats(stats, diagnostics_completeness(engine))
        engine.dispose()
        problems += [
            f"failure {failure} got {len(decisions)} decisions"
            for failure in self._failures
            if len(decisions := self.watcher.decisions[failure]) != 1
        ]
        self._narrator.verdict(stats, problems)
        return exits.REFUSED if problems else exits.DONE

    def _adds_up(self, stats: AutoHealStats) -> bool:
        decided = all(counts.failed == counts.healed + counts.suppressed for counts in stats.by_category.values())
        return decided and stats.total_failed == len(self._failures)
