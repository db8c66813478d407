"""The line that a match stands on says how much it counts."""

import pytest

from streams.diagnosis.context import Context

PLAIN = {
    "an error": "error: request timed out",
    "the last of several tries": "retrying 5/5: giving up, request timed out",
    "a signal at any level": "INFO task ended: timed out, Negsignal.SIGKILL",
    "an error after its frame": '  File "a.py", line 3, in run\nclient.Error: timed out',
    "a failure below captured text": "----- Captured log call -----\nWARNING x\n===== summary =====\nrun timed out",
}
LESS = {
    "information": "2026-11-22 10:00:00,001 INFO client: timed out",
    "a structured log": '{"level": "debug", "msg": "timed out"}',
    "another try": "request timed out, retrying (1/3)",
    "another try on the next line": "request timed out\nretrying in 2 s",
    "a restart on the next line": "indexer timed out\n[agent] restarting it",
    "a warning": "WARN request timed out",
    "a check that went well": "requests that timed out: ok",
    "an exit code that says nothing": "step that timed out: exit code 1",
    "a conversation": "assistant: the request timed out, so I will look",
    "what a test printed": "----- Captured stderr call -----\nERROR upstream timed out",
}
NOTHING = {
    "a stack frame": "    at Client.timed out (/srv/task/a.js:3:9)",
    "a source line below its frame": '  File "a.py", line 3, in run\n    raise Failed("timed out")',
    "a source line below its place": '/srv/task/a.js:3\nthrow new Failed("timed out")',
    "a numbered source line": '   12 | die("timed out")',
    "a marked source line": '>   assert say() == "timed out"',
    "a compared value": '    -   "timed out": 1,',
    "a passed test": "ok 3 - requests that timed out are tried again",
    "a ticked test": "  ✓ timed out requests (3 ms)",
    "a count of none": "0 timed out",
    "none in words": "no timed out requests",
    "a counter at zero": "timed out: 0",
}


def weigh(text):
    """Return the weight of the first `timed out` in a text."""
    data = text.encode()
    start = data.index(b"timed out")
    return Context(data).weight(start, start + len(b"timed out"))


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_what_is_said_plainly_counts_wholly(text):
    """An error, and the last of several tries, are causes."""
    assert weigh(text) == 1.0


@pytest.mark.parametrize("text", LESS.values(), ids=LESS)
def test_what_is_said_in_passing_counts_less(text):
    """What is logged below an error, tried again or repeated is hardly the end."""
    assert 0 < weigh(text) < 1


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_is_only_shown_counts_nothing(text):
    """Code, compared values, passed tests and counts of none are no causes."""
    assert weigh(text) == 0.0
