"""All of Auto-Heal on this machine: the embedded broker and our processes, with data that ends with them."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from autoheal.brokers import prepare_broker
from autoheal.children import ChildEndedError, child
from autoheal.embedded import HOST, EmbeddedBroker, free_port
from autoheal.settings import Settings, variables
from events.broker import BrokerUnreachableError, probe

PROGRAMS: Final = ("worker", "projector", "api")


@dataclass(frozen=True, slots=True)
class Local:
    """What runs, and how to reach it."""

    settings: Settings
    processes: Mapping[str, Process]

    @property
    def api(self) -> str:
        """Where the API and its page are."""
        return f"http://{self.settings.api_host}:{self.settings.api_port}"


@asynccontextmanager
async def run_locally(settings: Settings, on_line: Callable[[str, str], None]) -> AsyncIterator[Local]:
    """Run the broker, a worker, a projector and the API for the length of the block; they are stopped in reverse order.

    Args:
        settings: Those that do not concern the broker, the database and the API's address, which are new ones.
        on_line: Called with the name of a process and each line that it logs.

    Raises:
        BrokerNotStartedError: There is no broker binary for this platform.
        ChildEndedError: The broker ended before it answered.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="autoheal-")))
        start = partial(_start, stack)
        embedded = EmbeddedBroker()
        # What it prints is of no use to people: it calls it an error whenever a client asks what it can do.
        broker = await start("broker", *embedded.command(), environment={}, on_line=lambda _name, _line: None)
        await _until_it_answers(embedded.bootstrap, broker)
        here = settings.model_copy(
            update={
                "bootstrap_servers": embedded.bootstrap,
                "replication": 1,
                "database_url": f"sqlite:///{folder / 'autoheal.db'}",
                "api_host": HOST,
                "api_port": free_port(),
                "metrics_port": None,  # one of them could have it
            }
        )
        await prepare_broker(here)
        environment = variables(here) | {"AUTOHEAL_LOG_FORMAT": "console"}
        programs = {
            name: await start(name, sys.executable, "-m", "autoheal", name, environment=environment, on_line=on_line)
            for name in PROGRAMS
        }
        yield Local(here, {"broker": broker, **programs})


async def _start(
    stack: AsyncExitStack, name: str, *command: str, environment: Mapping[str, str], on_line: Callable[[str, str], None]
) -> Process:
    return await stack.enter_async_context(child(name, *command, environment=environment, on_line=on_line))


async def _until_it_answers(bootstrap: str, broker: Process) -> None:
    while broker.returncode is None:
        try:
            await probe(bootstrap)
        except BrokerUnreachableError:
            await asyncio.sleep(0.02)
        else:
            return
    raise ChildEndedError("broker", broker.returncode)
