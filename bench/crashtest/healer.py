"""An executor as users write it: follows the heal requests and publishes what came of each."""

import asyncio
from random import Random
from typing import Final

from events import HealFailed, HealRequested, HealSucceeded, HealSuppressed, Publisher, TaskFailed, subscribe

SOURCE: Final = "/crashtest/healer"
MAX_HEAL_S: Final = 1.5


class Healer:
    """Answers most heals within a second or two, some with a failed heal task; the others expire."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        """Prepare; nothing connects before `run`."""
        self._bootstrap = bootstrap
        self._prefix = prefix
        self.seen: set[str] = set()
        """Ids of the decisions so far."""

    async def run(self) -> None:
        """Answer until cancelled."""
        decisions = subscribe(self._bootstrap, HealRequested, HealSuppressed, prefix=self._prefix)
        async with Publisher(self._bootstrap, prefix=self._prefix) as publisher, asyncio.TaskGroup() as answers:
            async for decision in decisions:
                if isinstance(decision, HealRequested) and decision.id not in self.seen:
                    answers.create_task(_answer(decision, publisher))
                self.seen.add(decision.id)


async def _answer(heal: HealRequested, publisher: Publisher) -> None:
    random = Random(heal.id)
    await asyncio.sleep(random.uniform(0, MAX_HEAL_S))
    said = heal.data.model_dump(
        include={"heal_task_id", "source_task_id", "idea_id", "error_category", "strategy_name"}
    )
    (fate,) = random.choices(("succeeds", "fails", "is forgotten"), (2, 2, 1))
    if fate == "succeeds":
        await publisher.publish(HealSucceeded.new(SOURCE, id=f"{heal.id}-done", **said, elapsed_seconds=1.0))
    elif fate == "fails":
        await publisher.publish(_failed_task(heal))
        await publisher.publish(HealFailed.new(SOURCE, id=f"{heal.id}-failed", **said))


def _failed_task(heal: HealRequested) -> TaskFailed:
    return TaskFailed.new(
        SOURCE,
        id=f"{heal.id}-task",
        task_id=heal.data.heal_task_id,
        idea_id=heal.data.idea_id,
        task_type="heal",
        output="Segmentation fault (core dumped)",
    )
