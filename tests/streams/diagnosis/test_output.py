"""An output is cleaned for matching, and every byte knows the character it came from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.diagnosis.output import HEAD_CHARS, TAIL_CHARS, read_output


@pytest.mark.parametrize(
    ("text", "scanned"),
    [
        ("plain", b"plain"),
        ("\x1b[1;31merror\x1b[0m: x", b"error: x"),
        ("\x1b]0;title\x07done", b"done"),
        ("10%\r20%\r\n", b"10%\n20%\n\n"),
        ("a\0b\ud800c", b"a\0b?c"),
    ],
)
def test_terminal_codes_are_not_scanned(text, scanned):
    """Colours, titles and carriage returns hide no words."""
    assert read_output(text).data == scanned


def test_beyond_the_cap_head_and_tail_are_kept():
    """A long output is cut in the middle, on a line break."""
    output = read_output("h" * HEAD_CHARS + "m" * 9 + "t" * TAIL_CHARS)
    assert output.data == b"h" * HEAD_CHARS + b"\n" + b"t" * TAIL_CHARS
    assert output.origin(HEAD_CHARS + 1) == HEAD_CHARS + 9


PIECES = st.sampled_from(["\x1b[0m", "\r", "漢字", "😀", "plain ", "\ud800", "\x1b]0;x\x07", "\n"])


@given(st.lists(PIECES, max_size=60), st.booleans())
@settings(deadline=None)
def test_each_scanned_character_is_found_where_it_was(pieces, long):
    """Whatever was removed, a place leads back to the same character."""
    text = "".join(pieces) + ("x" * (HEAD_CHARS + TAIL_CHARS) + "".join(pieces) if long else "")
    output = read_output(text)
    scanned = output.data.decode()
    for index in range(0, len(scanned), 499 if long else 1):
        was = text[output.origin(len(scanned[:index].encode()))]
        assert was == scanned[index] or (was, scanned[index]) in {("\r", "\n"), ("\ud800", "?"), ("x", "\n")}
