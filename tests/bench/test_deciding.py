"""The logic that is shared with the contestants."""

from collections import defaultdict
from datetime import UTC, datetime

from bench.contestants.deciding import Deciding
from bench.mix import generate
from events import CloudEvent, FailureDiagnosed, HealRequested, HealSuppressed, decode
from streams.control import load_control
from streams.heal import HEAL
from streams.replay import Replay
from streams.work import WORK


class OneAtATime:
    """Both agents without a runtime, a lane or a broker."""

    def __init__(self, control):
        self._agents = [(Deciding(agent, control), {}) for agent in (WORK, HEAL)]
        self.decisions = []

    def take(self, event, at):
        """Let each agent take the event, and then what follows from it."""
        for deciding, rows in self._agents:
            key = deciding.key(event)
            if key is not None:
                row, emits = deciding.decide(event, at, rows.get(key))
                if row is not None:
                    rows[key] = row
                self.decisions += [emit for emit in emits if not isinstance(emit, FailureDiagnosed)]
                for emit in emits:
                    self.take(emit, at)


def test_contestants_decide_as_the_worker_does():
    """Every failure of the mix gets the same heal or suppression, under the same id."""
    control = load_control()
    replay, others = Replay(control), OneAtATime(control)
    ours = []
    for record in generate(200):
        ours += [decode(raw) for raw in replay.feed(record.value)]
        others.take(decode(record.value), datetime.fromtimestamp(record.timestamp / 1000, UTC))
    decided = defaultdict(set)
    for name, events in (("ours", ours), ("others'", others.decisions)):
        decided[name] = {_said(event) for event in events if isinstance(event, HealRequested | HealSuppressed)}
    assert len(decided["ours"]) == 80
    assert decided["ours"] == decided["others'"]


def _said(event: CloudEvent) -> tuple[str, str, str]:
    return event.id, event.type, event.data.model_dump_json()
