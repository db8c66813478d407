"""`autoheal heals`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Final

import typer

from autoheal.brokers import prepare_broker
from autoheal.narration import tell
from autoheal.output import AsJson, console, for_people, print_line
from autoheal.settings import Settings, load_settings
from events import CloudEvent, HealExpired, HealFailed, HealRequested, HealSucceeded, HealSuppressed, encode, subscribe

FIRST_S: Final = 5.0
QUIET_S: Final = 1.0


def heals(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with those to come, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the heals that were requested or suppressed, with the why, and what came of them.

    ```
    autoheal heals --follow
    autoheal heals | jq -r 'select(.type == "autoheal.heal.requested.v1").data.direction'
    ```
    """
    asyncio.run(_show(load_settings(), follow=follow, people=for_people(as_json)))


async def _show(settings: Settings, *, follow: bool, people: bool) -> None:
    await prepare_broker(settings)
    events = subscribe(
        settings.bootstrap_servers,
        HealRequested, HealSuppressed, HealSucceeded, HealFailed, HealExpired,
        prefix=settings.topic_prefix,
    )  # fmt: skip
    async for event in events if follow else _until_quiet(events):
        if people:
            console.print(tell(event), soft_wrap=True)
        else:
            print_line(encode(event))
            sys.stdout.flush()


async def _until_quiet(events: AsyncIterator[CloudEvent]) -> AsyncIterator[CloudEvent]:
    """Iterate over what is in the log now: the embedded broker cannot tell where its log ends."""
    patience = FIRST_S
    while True:
        try:
            async with asyncio.timeout(patience):
                event = await anext(events)
        except TimeoutError:
            return
        yield event
        patience = QUIET_S
