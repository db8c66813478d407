"""The line that says best what went wrong (S2)."""

import re

from events.secrets import mask

NO_DIAGNOSTICS = "No diagnostics provided"
SUMMARY_CHARS = 500

_LINE_BYTES = 2_000
_TAIL_BYTES = 4_096
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]+")


def summarize(line: bytes) -> str:
    """The line as a summary: white space folded, secrets masked, at most 500 characters."""
    return mask(_fold(line.decode("utf-8", "replace")))[:SUMMARY_CHARS]


def line_of(data: bytes, start: int, end: int) -> bytes:
    """The line that a match stands on; of a match over several lines, all of them."""
    first = data.rfind(b"\n", max(0, start - _LINE_BYTES), start) + 1 or max(0, start - _LINE_BYTES)
    last = data.find(b"\n", max(start, end - 1), start + _LINE_BYTES)
    return data[first : last if last >= 0 else start + _LINE_BYTES]


def last_line(data: bytes) -> str:
    """The last line with anything on it as a summary; empty when there is none.

    Secrets are masked before the line is cut out: it may be the last of a private key.
    """
    lines = mask(data[-_TAIL_BYTES:].decode("utf-8", "replace")).split("\n")
    return next((line for line in map(_fold, reversed(lines)) if line), "")[:SUMMARY_CHARS]


def _fold(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
