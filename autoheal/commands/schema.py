"""`autoheal schema`."""

from pathlib import Path
from typing import Annotated

import typer

from autoheal.output import print_json
from events.schema import documents, write_documents


def schema(
    write: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each document into this folder.")] = None,
) -> None:
    """Print a JSON Schema for each event and the AsyncAPI document of the topics, by file name.

    ```
    autoheal schema --write docs/schemas
    autoheal schema | jq '."autoheal.heal.requested.v1.json"'
    ```
    """
    if write is None:
        print_json(documents())
        return
    for path in write_documents(write):
        typer.echo(path)
