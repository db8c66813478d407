"""What the log tells: every event once, with all the records that repeat it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bench.crashtest.log import Entry

Records = dict[str, list[Entry]]
"""Per event id all its records, in the order of their partition."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of the policy that bind the decisions, per category."""

    cooldown_s: dict[str, int]
    max_retries: dict[str, int]


class History:
    """The events of a log by kind and id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Sort the records of a log; those of one partition come in their order."""
        self.undecodable: list[Entry] = []
        self._by_kind: defaultdict[str, Records] = defaultdict(dict)
        for entry in entries:
            if entry.event is None:
                self.undecodable.append(entry)
            else:
                self._by_kind[entry.kind].setdefault(entry.id, []).append(entry)

    def of(self, *kinds: str) -> Records:
        """Return the events of some kinds."""
        return {id_: records for kind in kinds for id_, records in self._by_kind[kind].items()}

    @cached_property
    def failures(self) -> Records:
        """Everything that has to be diagnosed."""
        return self.of("task.failed", "task.timed_out")

    @cached_property
    def eligible(self) -> Records:
        """The failures that have to be decided: those of tasks that are no heals."""
        return {id_: records for id_, records in self.failures.items() if records[0].data.get("task_type") != "heal"}

    @cached_property
    def diagnoses(self) -> Records:
        """What the failures were."""
        return self.of("failure.diagnosed")

    @cached_property
    def decisions(self) -> Records:
        """The answers to the failures."""
        return self.of("heal.requested", "heal.suppressed")

    @cached_property
    def dead_letters(self) -> Records:
        """What could not be processed."""
        return self.of("record.dead_lettered")

    def unanswered(self) -> list[str]:
        """Return the places of everything that an answer has to come for, and has not."""
        decided = failures_of(self.decisions)
        diagnosed = failures_of(self.diagnoses)
        buried = {burial(records[0]) for records in self.dead_letters.values()}
        return [
            *(records[0].place for id_, records in self.eligible.items() if id_ not in decided),
            *(records[0].place for id_, records in self.failures.items() if id_ not in diagnosed),
            *(entry.place for entry in self.undecodable if entry.place not in buried),
        ]


def failures_of(answers: Records) -> dict[str, list[str]]:
    """Return per failure the ids of the diagnoses, or decisions, that name it."""
    found: dict[str, list[str]] = {}
    for id_, records in answers.items():
        found.setdefault(records[0].data["failure_id"], []).append(id_)
    return found


def burial(letter: Entry) -> str:
    """Return the place of the record that a dead letter is about."""
    return "{topic}/{partition}@{offset}".format_map(letter.data)
