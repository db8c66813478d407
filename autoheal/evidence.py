"""Evidence in its place: the output of a command with the words marked that a diagnosis rests on."""

from collections.abc import Iterable

from rich.text import Text

from events import Evidence
from events.secrets import mask


def marked(output: str, evidence: Iterable[Evidence], style: str) -> Text:
    """Return an output, secrets masked, with the evidence in a style of its own."""
    shown = mask(output)
    text = Text(shown)
    for span in evidence:
        start = span.start if shown == output else shown.find(span.text)
        if start >= 0:
            text.stylize(style, start, start + span.end - span.start)
    return text
