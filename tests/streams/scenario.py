"""Given these events, when those happen, then these decisions follow: on the replay driver, in memory."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Self

from events import CloudEvent, FailureDiagnosed, HealRequested, HealSuppressed, decode, encode
from streams.control import load_control
from streams.decider import Control
from streams.replay import Replay
from tests.examples import NOON


@cache
def packaged() -> Control:
    """The packaged policy and rules, compiled once for all tests."""
    return load_control()


def with_policy(tmp_path: Path, text: str) -> Control:
    """The packaged policy with a file laid over it."""
    (tmp_path / "policy.toml").write_text(text)
    return load_control(tmp_path / "policy.toml")


class Scenario:
    """A history on the replay driver; decisions are compared exactly and in order."""

    def __init__(self, control: Control | None = None, **changes: object) -> None:
        self._replay = Replay(replace(control or packaged(), **changes))
        self.derived: list[CloudEvent] = []

    def given(self, *events: CloudEvent) -> Self:
        """What has happened before; what followed from it is not looked at."""
        for event in events:
            self._replay.feed(encode(event))
        return self

    def when(self, *events: CloudEvent) -> Self:
        """What happens now."""
        self.derived = [decode(raw) for event in events for raw in self._replay.feed(encode(event))]
        return self

    def then(self, *decisions: str) -> Self:
        """Exactly these heals and suppressions follow."""
        assert [told for event in self.derived if (told := _told(event))] == list(decisions)
        return self

    def only(self, event_type: type[CloudEvent]) -> list[CloudEvent]:
        """Return the derived events of a type, to look at their fields."""
        return [event for event in self.derived if isinstance(event, event_type)]


def _told(event: CloudEvent) -> str | None:
    match event:
        case HealRequested(data=heal):
            return f"heal {heal.source_task_id} #{heal.retry_count}"
        case HealSuppressed(data=heal):
            until = f" until +{(heal.retry_at - NOON).total_seconds():g}" if heal.retry_at else ""
            return f"no heal {heal.source_task_id}: {heal.reason}{until}"
        case FailureDiagnosed():
            return None
        case _:
            return event.type
