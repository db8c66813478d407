"""`autoheal emit`."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Annotated

import typer

from autoheal import exits
from autoheal.brokers import prepare_broker
from autoheal.lines import Line, reading
from autoheal.output import AsJson, console, for_people, print_json, refuse
from autoheal.settings import Settings, load_settings
from events import CloudEvent, Published, Publisher, RefusedEventError, decode, encode

Placed = tuple[int, CloudEvent, Published]
"""The line an event was read from, the event, and where it is now."""


def emit(
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="CloudEvents lines; - is stdin.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Publish events and print where each of them is in the log.

    A line that is no event is refused, with its number, on stderr; all others are published.

    ```
    autoheal emit events.jsonl
    tail -f events.jsonl | autoheal emit -
    ```
    """
    settings, people = load_settings(), for_people(as_json)
    # The loop runs for each batch only: Ctrl-C ends us at once while we wait for input.
    with asyncio.Runner() as runner, reading(file, "publishing", progress=people or not console.is_terminal) as batches:
        connection = AsyncExitStack()
        publisher = runner.run(_connect(settings, connection))
        published = refused = 0
        try:
            for batch in batches:
                lines = [line for line in batch if line[1].strip()]
                placed = runner.run(_publish(publisher, lines))
                published += len(placed)
                refused += len(lines) - len(placed)
                _show(placed, people=people)
        finally:
            runner.run(connection.aclose())
    if people:
        console.print(f"[green]{published} published[/]" + (f", [red]{refused} refused[/]" if refused else ""))
    return exits.REFUSED if refused else exits.DONE


async def _connect(settings: Settings, connection: AsyncExitStack) -> Publisher:
    await prepare_broker(settings)
    return await connection.enter_async_context(Publisher(settings.bootstrap_servers, prefix=settings.topic_prefix))


async def _publish(publisher: Publisher, lines: list[Line]) -> list[Placed]:
    read = [(number, event) for number, line in lines if (event := _read(number, line))]
    places = await publisher.publish_all(event for _, event in read)
    return [(number, event, place) for (number, event), place in zip(read, places, strict=True)]


def _read(number: int, line: bytes) -> CloudEvent | None:
    try:
        event = decode(line)
        decode(encode(event))  # with what the line left out it may be too large
    except RefusedEventError as error:
        refuse(f"line {number}", error)
        return None
    return event


def _show(placed: list[Placed], *, people: bool) -> None:
    for number, event, place in placed if not people else ():
        print_json({"line": number, "id": event.id, **asdict(place)})
