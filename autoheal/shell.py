"""The prompt of `autoheal sql`: one question after the other, each ended by a semicolon."""

import readline
from collections.abc import Iterable
from typing import Final

from rich.box import SIMPLE
from rich.table import Table
from sqlalchemy.engine import make_url

from autoheal.output import console, refuse
from autoheal.results import show_table
from projections import tables, views
from projections.questions import QueryRefusedError, ask

PROMPT, MORE = "autoheal> ", "     ...> "
HELP: Final = """A question in SQL, ended by a semicolon; nothing can be changed.
.tables         the tables and views, and what is in them
.schema NAME    the columns of one
.help           this
Ctrl-D          the end"""
DESCRIBED: Final = dict(tables.metadata.tables) | dict(views.metadata.tables)


def run(url: str) -> None:
    """Answer what a person types, until Ctrl-D."""
    readline.set_auto_history(False)  # what is typed may name what is private
    console.print(HELP, highlight=False)
    lines: list[str] = []
    while True:
        try:
            line = input(MORE if lines else PROMPT)
        except EOFError:
            console.print()
            return
        except KeyboardInterrupt:  # drops what was typed so far
            console.print()
            lines = []
            continue
        if not lines and (not line.strip() or line.startswith(".")):
            _command(url, line.split())
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            _answer(url, "\n".join(lines))
            lines = []


def _answer(url: str, query: str) -> None:
    try:
        with ask(url, query) as answer:
            show_table(answer)
    except (QueryRefusedError, KeyboardInterrupt) as error:
        refuse("autoheal", str(error) or "stopped")


def _command(url: str, words: list[str]) -> None:
    match words:
        case []:
            pass
        case [".tables"]:
            _show((name, table.comment or "") for name, table in DESCRIBED.items())
        case [".schema", name] if name in DESCRIBED:
            dialect = make_url(url).get_dialect()()
            columns = DESCRIBED[name].columns
            _show((column.name, column.type.compile(dialect).lower(), column.comment or "") for column in columns)
        case [".schema", *_]:
            refuse("autoheal", "name one of .tables, such as .schema failures")
        case _:
            console.print(HELP, highlight=False)


def _show(rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=SIMPLE, show_header=False)
    for row in rows:
        table.add_row(*row)
    console.print(table)
