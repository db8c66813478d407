"""Answers of the database as Parquet: read once for the types of the columns, once more for the rows."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO, Final

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from autoheal.results import as_text, plain
from projections.questions import Answer

ROWS_AT_ONCE: Final = 10_000
TYPES: Final[tuple[tuple[set[type], pa.DataType], ...]] = (
    ({bool}, pa.bool_()),
    ({int}, pa.int64()),
    ({int, float}, pa.float64()),
    ({datetime}, pa.timestamp("us", tz="UTC")),
    ({date}, pa.date32()),
)
"""What holds values of these types; all else is text, JSON too."""


def write_parquet(answer: Answer, file: BinaryIO) -> None:
    """Write the rows, in bounded memory; a column without any value is one of text."""
    kinds: list[set[type]] = [set() for _ in answer.columns]
    for columns in _batches(answer):
        for kind, values in zip(kinds, columns, strict=True):
            kind.update(map(type, values))
    types = [_type_of(kind - {type(None)}) for kind in kinds]
    schema = pa.schema(list(zip(answer.columns, types, strict=True)))
    with ParquetWriter(file, schema) as writer:
        for columns in _batches(answer):
            arrays = [_array(values, type_) for values, type_ in zip(columns, types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _batches(answer: Answer) -> Iterator[list[list[Any]]]:
    """Iterate over the columns of so many rows at once."""
    rows = iter(answer.rows())
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield [[plain(value) for value in column] for column in zip(*batch, strict=True)]


def _type_of(kinds: set[type]) -> pa.DataType:
    return next((type_ for known, type_ in TYPES if kinds and kinds <= known), pa.string())


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    if type_ == pa.string():
        values = [value if value is None else as_text(value) for value in values]
    return pa.array(values, type_)
