"""`autoheal dev`."""

import asyncio
from typing import Final

from rich.text import Text

from autoheal import exits
from autoheal.children import ChildEndedError, first_to_end
from autoheal.control import load_control
from autoheal.embedded import BrokerNotStartedError
from autoheal.local import Local, run_locally
from autoheal.narration import tell
from autoheal.output import console, fail
from autoheal.settings import Settings, load_settings, variables
from autoheal.waiting import first_of, stop_signal
from events import HealRequested, HealSuppressed, subscribe

COLOURS: Final = {"worker": "green", "projector": "blue", "api": "yellow", "heals": "magenta"}
EXAMPLE: Final = (
    '{"id": "1", "source": "/me", "type": "autoheal.task.failed.v1", '
    '"data": {"task_id": "task-1", "output": "HTTP 429 Too Many Requests", "exit_code": 1}}'
)


def dev() -> int:
    """Run the embedded broker, a worker, a projector and the API in this terminal, until Ctrl-C.

    All data ends with them. What to type in another terminal is printed at the start.

    ```
    autoheal dev
    AUTOHEAL_POLICY=policy.toml AUTOHEAL_LOG_LEVEL=debug autoheal dev
    ```
    """
    settings = load_settings()
    load_control(settings.policy)  # a wrong policy is said before anything starts
    try:
        asyncio.run(first_of(stop_signal(), _run(settings)))
    except (BrokerNotStartedError, ChildEndedError) as error:
        return fail(str(error), exits.REFUSED)
    return exits.DONE


async def _run(settings: Settings) -> None:
    async with run_locally(settings, _show_line) as local:
        _show_how_to_reach(local)
        try:
            await first_of(first_to_end(local.processes), _show_heals(local.settings))
        finally:
            console.print("stopping", style="dim")


async def _show_heals(settings: Settings) -> None:
    decisions = subscribe(settings.bootstrap_servers, HealRequested, HealSuppressed, prefix=settings.topic_prefix)
    async for event in decisions:
        _show("heals", tell(event))


def _show_line(name: str, line: str) -> None:
    _show(name, Text.from_ansi(line))


def _show(name: str, line: Text) -> None:
    console.print(Text.assemble((f"{name:>9} │ ", COLOURS[name]), line), soft_wrap=True)


def _show_how_to_reach(local: Local) -> None:
    reach = variables(local.settings)
    exports = " ".join(f"{name}={reach[name]}" for name in ("AUTOHEAL_BOOTSTRAP_SERVERS", "AUTOHEAL_DATABASE_URL"))
    console.print(
        Text.assemble(
            ("Auto-Heal runs here until Ctrl-C. All that its broker and database hold ends with it.\n", "bold"),
            "In a browser: ",
            (f"{local.api}\n", "cyan"),
            "In another terminal:\n\n",
            (f"  export {exports}\n", "cyan"),
            (f"  echo '{EXAMPLE}' | autoheal emit -\n", "cyan"),
            ("  autoheal stats\n", "cyan"),
        ),
        soft_wrap=True,
    )
