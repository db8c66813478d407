"""The command line: finds the command that was asked for, and turns every expected error into one line."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from autoheal import exits
from autoheal.logs import configure_logs
from autoheal.output import fail
from autoheal.settings import SettingsError
from projections.migrations import NewerDatabaseError

COMMANDS: Final = (
    "demo", "dev", "worker", "projector", "api", "projections", "emit", "heals", "classify", "replay", "stats", "sql",
    "topics", "schema", "config",
)  # fmt: skip
"""Each is a function of that name in the module of that name in `autoheal.commands`."""
STYLE: Final[dict[str, Any]] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "markdown",
}


class LazyCommands(TyperGroup):
    """Imports a command when it is called: who classifies does not wait for Faust and SQL to load."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """Import a command; none when there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.Typer(**STYLE)
        command.command(cmd_name)(getattr(import_module(f"autoheal.commands.{cmd_name}"), cmd_name))
        return typer.main.get_command(command)


app = typer.Typer(cls=LazyCommands, no_args_is_help=True, **STYLE)


@app.callback()
def _root() -> None:
    """Diagnoses every failed task on Kafka and asks for a targeted heal, exactly once.

    `autoheal demo` shows it at work; `autoheal dev` starts all of it on this machine.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code of the process.

    Args:
        arguments: Those after the program's name; the process' own when left out.
    """
    # What a client retries is no news, and what it gives up is said in our words.
    configure_logs("warning", "auto", clients="critical")
    try:
        code = app(arguments, prog_name="autoheal", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _refuse_usage(error)
    except BrokenPipeError:
        return _end_quietly()
    except ConnectionError as error:
        return fail(str(error), exits.UNREACHABLE)
    except (SettingsError, NewerDatabaseError, OSError) as error:
        return fail(str(error), exits.USAGE)
    return code or exits.DONE


def _refuse_usage(error: typer.TyperException) -> int:
    if not (message := error.format_message()):  # a bare `autoheal` has printed its help already
        return error.exit_code
    context = getattr(error, "ctx", None)
    return fail(f"{message.rstrip('.')}: see `{context.command_path if context else 'autoheal'} --help`", exits.USAGE)


def _end_quietly() -> int:
    """End when the reader of our output has gone, without a complaint from the interpreter's last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.REFUSED
