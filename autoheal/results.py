"""Answers of the database as a table, CSV, JSON lines or Parquet; all but the table in bounded memory."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, Final

import orjson
from rich.box import SIMPLE
from rich.table import Column, Table
from rich.text import Text

from autoheal.output import console, notes
from projections.questions import Answer

SHOWN: Final = 1_000
"""Rows of a table, which nobody reads further."""


def show_table(answer: Answer) -> None:
    """Print the first rows for a person, and say so when there are more."""
    table = Table(*(Column(_printable(name)) for name in answer.columns), box=SIMPLE)
    rows = iter(answer.rows())
    for row in islice(rows, SHOWN):
        table.add_row(*(_printable(as_text(value)) for value in row))
    console.print(table)
    if next(rows, None) is not None:
        notes.print(
            f"only the first {SHOWN} rows are shown: add LIMIT, or write all with --output rows.csv", soft_wrap=True
        )


def write_csv(answer: Answer, file: BinaryIO) -> None:
    """Write a header and the rows; what is null is an empty field."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(answer.columns)
    for row in answer.rows():
        writer.writerow(map(as_text, row))
    text.detach()


def write_json(answer: Answer, file: BinaryIO) -> None:
    """Write one JSON object per row and line."""
    for row in answer.rows():
        values = dict(zip(answer.columns, map(plain, row), strict=True))
        file.write(orjson.dumps(values, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: a number whole where it is, a duration in seconds, others as text."""
    match value:
        case None | bool() | int() | float() | str() | datetime() | date() | list() | dict():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
        case timedelta():
            return value.total_seconds()
        case bytes():
            return value.decode(errors="replace")
        case _:
            return str(value)


def as_text(value: Any) -> str:
    """Return a value as text: moments as ISO 8601 with Z, lists and objects as JSON, null as nothing."""
    match plain(value):
        case None:
            return ""
        case datetime() as moment:
            return moment.isoformat().replace("+00:00", "Z")
        case str() as text:
            return text
        case date() as day:
            return day.isoformat()
        case known:
            return orjson.dumps(known).decode()


def _printable(text: str) -> Text:
    """Keep what a task printed from steering the terminal."""
    return Text("".join(each if each.isprintable() or each in "\t\n" else "\ufffd" for each in text), overflow="fold")
