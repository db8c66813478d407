"""`autoheal projections rebuild`."""

import asyncio
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autoheal.brokers import prepare_broker
from autoheal.output import AsJson, console, for_people, notes, print_json
from autoheal.settings import Settings, SettingsError, load_settings
from projections.follower import LogMismatchError
from projections.rebuild import NotRebuildableError, rebuild


def projections(
    _action: Annotated[Literal["rebuild"], typer.Argument(metavar="rebuild")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make the tables anew from the log, beside the old ones, and put them in their place when they are complete.

    Readers and a running projector go on meanwhile. On PostgreSQL the user has to be allowed to create a schema.

    ```
    autoheal projections rebuild
    ```
    """
    try:
        records = asyncio.run(_rebuild(load_settings()))
    except (LogMismatchError, NotRebuildableError) as error:
        raise SettingsError(str(error)) from None
    if for_people(as_json):
        console.print(f"The tables are made anew from {records} records.")
    else:
        print_json({"records": records})


async def _rebuild(settings: Settings) -> int:
    await prepare_broker(settings)
    columns = TextColumn("reading the log"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        bar = progress.add_task("")
        return await rebuild(
            settings.bootstrap_servers,
            settings.database_url,
            prefix=settings.topic_prefix,
            on_batch=lambda read, of: progress.update(bar, completed=read, total=of),
        )
