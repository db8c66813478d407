"""Evidence is marked where it stands."""

import pytest

from autoheal.evidence import marked
from events import Evidence

OUTPUT = "token=hunter2hunter2 was refused: HTTP 429, then HTTP 429 again"


def marks(output, *evidence):
    """Return the marked parts of the text that is shown."""
    text = marked(output, evidence, "bold")
    return [text.plain[span.start : span.end] for span in text.spans]


def evidence(output, words, start=0):
    """Return the evidence that some words of an output are."""
    at = output.index(words, start)
    return Evidence(rule="rule", start=at, end=at + len(words), text=words)


def test_the_span_is_marked():
    """Not the first place with the same words."""
    second = evidence("429 429", "429", start=1)
    assert [(span.start, span.end) for span in marked("429 429", [second], "bold").spans] == [(4, 7)]


def test_masked_outputs_are_marked_too():
    """A secret is not shown, and the words are found behind it."""
    assert marks(OUTPUT, evidence(OUTPUT, "HTTP 429")) == ["HTTP 429"]
    assert "hunter2" not in marked(OUTPUT, [], "bold").plain


@pytest.mark.parametrize("words", ["exit code 137", "never printed"])
def test_what_is_not_in_the_output_marks_nothing(words):
    """An exit status speaks from outside of it."""
    assert marks(OUTPUT, Evidence(rule="exit-status", start=0, end=0, text=words)) == []
