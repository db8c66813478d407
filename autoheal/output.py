"""What a command prints: for people on a terminal, JSON lines for programs."""

import sys
from typing import Annotated, Any, Final

import orjson
import typer
from pydantic import BaseModel
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines, also on a terminal.")]

console: Final = Console()
"""For people, on stdout."""
notes: Final = Console(stderr=True)
"""For people, beside the output: progress and what was refused."""


def for_people(as_json: bool) -> bool:
    """Tell whether a person reads the output."""
    return console.is_terminal and not as_json


def print_json(value: Any) -> None:
    """Print one JSON line."""
    print_line(orjson.dumps(value, default=BaseModel.model_dump))


def print_line(line: bytes) -> None:
    """Print one line that is encoded already."""
    sys.stdout.buffer.write(line + b"\n")


def refuse(where: str, why: object) -> None:
    """Say on stderr that a part of the input was refused."""
    print(f"{where}: {why}", file=sys.stderr)  # noqa: T201 - stderr is what it is for


def fail(message: str, code: int) -> int:
    """Say on stderr why nothing more is done, and return the exit code."""
    refuse("autoheal", message)
    return code
