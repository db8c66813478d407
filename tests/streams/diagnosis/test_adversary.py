"""A mebibyte made to hurt is diagnosed like any output: by its head and its tail."""

import random

import pytest

from streams.diagnosis import default_classifier

SIZE = 2**20
WORDS = [
    "error",
    "timed",
    "out",
    "connection",
    "refused",
    "expected",
    "got",
    "not",
    "failed",
    "pool",
    "lock",
    "429",
    "limit",
]


def filled(unit):
    """Return a mebibyte of one text."""
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def shuffled(alphabet, joint=""):
    """Return a mebibyte of parts in random order, the same each time."""
    return joint.join(random.Random(7).choices(alphabet, k=SIZE // 4))[:SIZE]


BODIES = {
    "one letter": filled("a"),
    "line breaks": filled("\n"),
    "a rule in each word": filled("timed out "),
    "half a rule in each word": filled("expected certificate connection "),
    "random words": shuffled([*WORDS, "\n"], " "),
    "random bytes": shuffled([chr(number) for number in range(256)]),
    "random characters": shuffled([chr(number) for number in range(0x20, 0x3000)]),
    "escapes": filled("\x1b[31m"),
    "open escapes": filled("\x1b]"),
    "NUL": filled("\0"),
    "lone surrogates": filled("\ud800"),
    "progress": filled("chunk 10%\r"),
    "frames": filled('  File "x", line 3\n    raise TimeoutError("timed out")\n'),
    "quotations": filled("AssertionError: expected timed out got 429\n"),
    "secrets": filled("-----BEGIN PRIVATE KEY-----\npassword='"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_last_words_are_found_behind_any_mebibyte(body):
    """The cause at the end decides, and its evidence lies where it stands."""
    output = f"{body}\n\nSegmentation fault (core dumped)\n"
    found = default_classifier().classify(output, exit_code=139)
    assert (found.category, found.reason) == ("executor_crash", "segfault")
    evidence = next(evidence for evidence in found.evidence if evidence.rule == "segfault")
    assert output[evidence.start : evidence.end] == "Segmentation fault"


def test_the_head_of_a_long_output_is_scanned_too():
    """A cause that stands before a flood of chatter is found where it stands."""
    output = "java.lang.OutOfMemoryError: Java heap space\n" + filled("copied one more file\n")
    found = default_classifier().classify(output)
    assert (found.category, found.reason) == ("executor_crash", "oom")
    assert any(output[evidence.start : evidence.end] == "OutOfMemoryError" for evidence in found.evidence)
