"""Input of one JSON document per line, from a file or a pipe."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import BinaryIO, cast

from rich.progress import Progress

from autoheal.output import notes

CHUNK_BYTES = 1 << 20
Line = tuple[int, bytes]
"""Number, the first is 1, and content without the line break."""


@contextmanager
def reading(file: BinaryIO, doing: str, *, progress: bool) -> Iterator[Iterator[list[Line]]]:
    """Yield an iterator over batches of lines.

    A batch is what a pipe has at once, at most 1 MiB, so that a slow producer's lines do not wait for more of them;
    and what was printed about it is on its way before the next one is awaited.

    Args:
        file: Where to read.
        doing: What is done with the lines.
        progress: Show a person on stderr how far it is; not when lines are printed on the same terminal.
    """
    quiet = not (progress and notes.is_terminal)
    with Progress(console=notes, transient=True, redirect_stdout=False, disable=quiet) as bar:
        task = bar.add_task(doing, total=_size(file))

        def batches() -> Iterator[list[Line]]:
            for size, batch in _batches(cast("BufferedReader", file)):
                yield batch
                sys.stdout.flush()
                bar.advance(task, size)

        yield batches()


def _batches(file: BufferedReader) -> Iterator[tuple[int, list[Line]]]:
    rest, number = b"", 0
    while chunk := file.read1(CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        yield len(chunk), list(enumerate(lines, number + 1))
        number += len(lines)
    if rest:
        yield 0, [(number + 1, rest)]


def _size(file: BinaryIO) -> int | None:
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None
