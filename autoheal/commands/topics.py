"""`autoheal topics create`."""

import asyncio
from typing import Annotated, Literal

import typer

from autoheal.brokers import create_missing_topics
from autoheal.output import AsJson, console, for_people, print_json
from autoheal.settings import Settings, load_settings
from events.broker import probe
from events.topics import Topics


def topics(
    _action: Annotated[Literal["create"], typer.Argument(metavar="create")],
    *,
    as_json: AsJson = False,
) -> None:
    """Create the topics that the broker lacks; the worker does the same when it starts.

    ```
    AUTOHEAL_PARTITIONS=12 AUTOHEAL_REPLICATION=3 autoheal topics create
    ```
    """
    settings = load_settings()
    created = asyncio.run(_create(settings))
    for topic in Topics(settings.topic_prefix).all():
        if for_people(as_json):
            console.print(f"{topic}  {'[green]created' if topic in created else '[dim]was there'}")
        else:
            print_json({"topic": topic, "created": topic in created})


async def _create(settings: Settings) -> list[str]:
    return await create_missing_topics(settings, await probe(settings.bootstrap_servers))
