"""Lines are read as they come."""

import os

from hypothesis import given
from hypothesis import strategies as st

from autoheal.lines import reading


def fed(chunks):
    """Return a pipe that holds all chunks, open for reading."""
    reader, writer = os.pipe()
    for chunk in chunks:
        os.write(writer, chunk)
    os.close(writer)
    return os.fdopen(reader, "rb", buffering=16)


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\r", b"")), max_size=8))
def test_every_line_comes_once_with_its_number(lines):
    """Whatever the chunks they arrive in, blank ones included; a last line needs no line break."""
    content = b"\n".join(lines)
    with fed([content]) as file, reading(file, "reading", progress=False) as batches:
        numbered = [line for batch in batches for line in batch]
    expected = content.split(b"\n") if not content.endswith(b"\n") else content.split(b"\n")[:-1]
    assert numbered == list(enumerate(expected if content else [], 1))


def test_a_line_does_not_wait_for_the_next():
    """What a slow producer has written is there before it writes more."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as file, reading(file, "reading", progress=False) as batches:
        os.write(writer, b"first\nsec")
        assert next(batches) == [(1, b"first")]
        os.write(writer, b"ond\n")
        assert next(batches) == [(2, b"second")]
        os.close(writer)
        assert list(batches) == []
