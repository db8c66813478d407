"""`autoheal sql`."""

import sys
from contextlib import nullcontext
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from autoheal import shell
from autoheal.output import console
from autoheal.results import show_table, write_csv, write_json
from autoheal.settings import SettingsError, load_settings
from projections.questions import Answer, QueryRefusedError, ask


class Format(StrEnum):
    """How the rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


BY_SUFFIX: Final = {f".{each}": each for each in (Format.CSV, Format.JSON, Format.PARQUET)}


def sql(
    query: Annotated[str | None, typer.Argument(help="One SELECT; - reads it from stdin.")] = None,
    *,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the query from a file.")] = None,
    as_format: Annotated[
        Format | None,
        typer.Option("--format", help="By default a table on a terminal, else JSON lines, or as the file is called."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the rows into a file.")] = None,
) -> None:
    """Ask the tables in SQL; nothing can be changed. Without a query, a small shell.

    The tables and views are described in docs/tables.md. Answers of any length go to files in little memory.

    ```
    autoheal sql "SELECT error_category, count(*) AS failures FROM failures GROUP BY 1"
    autoheal sql "SELECT * FROM decisions" --output decisions.parquet
    ```
    """
    url = load_settings().database_url
    text = _query(query, file)
    as_format = as_format or _format_for(output)
    if as_format is Format.PARQUET and output is None:
        raise typer.BadParameter("parquet is no text: add --output FILE")
    if as_format is Format.TABLE and output is not None:
        raise typer.BadParameter("a table is for people: choose csv, json or parquet for a file")
    try:
        if text is None:
            shell.run(url)
            return
        with ask(url, text) as answer:
            _write(answer, as_format, output)
    except QueryRefusedError as error:
        raise SettingsError(str(error)) from None


def _query(query: str | None, file: Path | None) -> str | None:
    """Return the query; None where a person is to type some."""
    if query is not None and file is not None:
        raise typer.BadParameter("give a query or --file, not both")
    if file is not None:
        return file.read_text("utf-8", "surrogateescape")  # refused later, as in an argument
    if query == "-":
        return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    if query is None and not (sys.stdin.isatty() and console.is_terminal):
        raise typer.BadParameter("give a query, --file FILE, or - for stdin")
    return query


def _format_for(output: Path | None) -> Format:
    if output is None:
        return Format.TABLE if console.is_terminal else Format.JSON
    return BY_SUFFIX.get(output.suffix, Format.JSON)


def _write(answer: Answer, as_format: Format, output: Path | None) -> None:
    if as_format is Format.TABLE:
        show_table(answer)
        return
    with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
        match as_format:
            case Format.CSV:
                write_csv(answer, file)
            case Format.JSON:
                write_json(answer, file)
            case Format.PARQUET:  # takes longer to load than most queries to answer
                import_module("autoheal.parquet").write_parquet(answer, file)
