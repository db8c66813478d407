"""`autoheal demo`."""

import asyncio
from collections import deque
from typing import Final

from autoheal import exits
from autoheal.children import ChildEndedError, first_to_end
from autoheal.demo.narrator import Narrator
from autoheal.demo.server import failing_provider
from autoheal.demo.story import Story
from autoheal.demo.task import POLICY, Task, load_tasks
from autoheal.demo.watcher import UndecidedError
from autoheal.embedded import BrokerNotStartedError
from autoheal.local import run_locally
from autoheal.output import console, fail, refuse
from autoheal.settings import Settings, load_settings
from autoheal.waiting import first_of, stop_signal

LOG_LINES: Final = 20


def demo() -> int:
    """Let a dozen real commands fail, and watch what is diagnosed, healed and held back.

    It brings its own broker, worker, projector and API, and leaves nothing behind. It takes about half a minute.

    ```
    autoheal demo
    ```
    """
    log = deque[tuple[str, str]](maxlen=LOG_LINES)
    settings = load_settings().model_copy(update={"policy": POLICY})
    try:
        code: int = asyncio.run(first_of(stop_signal(), _play(settings, load_tasks(), log)))
    except (BrokerNotStartedError, ChildEndedError, UndecidedError) as error:
        for name, line in log:
            refuse(name, line)
        return fail(str(error), exits.REFUSED)
    return code


async def _play(settings: Settings, tasks: list[Task], log: deque[tuple[str, str]]) -> int:
    narrator = Narrator(console, failures=sum(task.runs for task in tasks))
    narrator.opening()
    with failing_provider() as api:
        async with run_locally(settings, lambda name, line: log.append((name, line))) as local:
            narrator.address(local.api)
            story = Story(local.settings, narrator)
            code: int = await first_of(first_to_end(local.processes), story.watcher.follow(), story.play(tasks, api))
    return code
