"""`autoheal replay`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from autoheal import exits
from autoheal.control import load_control
from autoheal.lines import Line, reading
from autoheal.logs import configure_logs
from autoheal.output import console, print_line, refuse
from autoheal.settings import load_settings
from events import RecordDeadLettered, RefusedEventError, decode
from streams.replay import Replay


def replay(
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="Recorded events; - is stdin.")],
    policy: Annotated[Path | None, typer.Option(help="TOML file over the packaged policy.")] = None,
) -> int:
    """Run the agents in memory over recorded events and print every event that follows from them.

    No broker is needed, and the same events give the same bytes at each run. Log time is an event's `_at` when it has
    one, else its `time`.

    ```
    autoheal replay events.jsonl --policy stricter.toml | jq -r .type | sort | uniq -c
    ```
    """
    configure_logs("error", "auto")  # what is refused is said here, with the line's number
    log = Replay(load_control(policy or load_settings().policy))
    refused = 0
    with reading(file, "replaying", progress=not console.is_terminal) as batches:
        for lines in batches:
            refused += sum(not _feed(log, line) for line in lines if line[1].strip())
    return exits.REFUSED if refused else exits.DONE


def _feed(log: Replay, line: Line) -> bool:
    number, event = line
    try:
        derived = log.feed(event)
    except RefusedEventError as error:
        refuse(f"line {number}", error)
        return False
    for raw in derived:
        print_line(raw)
    reasons = list(_reasons(derived))
    for reason in reasons:
        refuse(f"line {number}", reason)
    return not reasons


def _reasons(derived: list[bytes]) -> Iterator[str]:
    """Return why records were dead-lettered; all others are not worth a second decoding."""
    for raw in derived:
        if b".dead_lettered." in raw and isinstance(event := decode(raw), RecordDeadLettered):
            yield event.data.reason
