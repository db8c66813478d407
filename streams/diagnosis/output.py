"""A task's output made ready for matching, with the way back to its own characters."""

import re
from bisect import bisect_right
from dataclasses import dataclass

HEAD_CHARS = 16_384
TAIL_CHARS = 49_152

# CSI (colours, cursor), OSC (titles, links) and two-byte escapes of terminals.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(slots=True, frozen=True)
class Output:
    """What is scanned of an output: UTF-8 without terminal escapes, carriage returns as line breaks.

    Attributes:
        data: The scanned bytes.
        ascii: Whether bytes are characters.
        kept: First character in scanned text of each run that the original has without a break.
        shifts: What to add in that run to get a character's place in the original.
    """

    data: bytes
    ascii: bool
    kept: list[int]
    shifts: list[int]

    def origin(self, offset: int) -> int:
        """The place in the original output, in characters, of a byte of the scanned text."""
        if not self.ascii:
            offset = len(self.data[:offset].decode("utf-8", "ignore"))
        if len(self.kept) == 1:
            return offset + self.shifts[0]
        return offset + self.shifts[bisect_right(self.kept, offset) - 1]


def read_output(text: str) -> Output:
    """Prepare an output; beyond the cap only its head and its tail are kept, cut apart by a line break."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS and "\x1b" not in text:
        kept, shifts = [0], [0]
    else:
        text, kept, shifts = _join_runs(text, _runs(text))
    data = text.encode("utf-8", "replace")
    if b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return Output(data, text.isascii(), kept, shifts)


def _runs(text: str) -> list[tuple[int, int]]:
    """The (start, end) character ranges worth keeping."""
    cut = len(text) - TAIL_CHARS
    ranges = [(0, len(text))] if cut <= HEAD_CHARS else [(0, HEAD_CHARS), (cut, len(text))]
    runs = []
    for start, end in ranges:
        for escape in _ESCAPES.finditer(text, start, end):
            runs.append((start, escape.start()))
            start = escape.end()  # noqa: PLW2901 - the rest of the range
        runs.append((start, end))
    return runs


def _join_runs(text: str, runs: list[tuple[int, int]]) -> tuple[str, list[int], list[int]]:
    pieces: list[str] = []
    kept: list[int] = []
    shifts: list[int] = []
    length = 0
    for start, end in runs:
        if start == len(text) - TAIL_CHARS > HEAD_CHARS:
            pieces.append("\n")
            length += 1
        kept.append(length)
        shifts.append(start - length)
        pieces.append(text[start:end])
        length += end - start
    return "".join(pieces), kept, shifts
