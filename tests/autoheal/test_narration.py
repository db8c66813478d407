"""Heal events in words."""

import pytest

from autoheal.narration import clock, tell
from tests.examples import TASK, after
from tests.projections.given import concluded, requested, suppressed


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (requested(executor_hint="codex"), f"{TASK}  provider_error  heal 1, by codex"),
        (requested(executor_hint=None), f"{TASK}  provider_error  heal 1  "),
        (suppressed(reason="cooldown", retry_at=after(900)), f"no heal: cooldown until {clock(after(900))}"),
        (suppressed(reason="already_healing", retry_at=None), "no heal: already_healing  "),
        (concluded("succeeded"), f"{TASK}  heal succeeded"),
        (concluded("expired"), f"{TASK}  heal expired"),
    ],
)
def test_each_says_what_became_of_the_failure(event, words):
    """When, of which task, and why."""
    assert words in tell(event).plain
    assert tell(event).plain.startswith(clock(event.time))
