"""The rules that hold whatever was killed when; each counts what it looked at and names every violation."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from bench.crashtest.history import History, Policy, Records, burial, failures_of
from bench.crashtest.log import Entry


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, how many cases of it there were, and what broke it."""

    rule: str
    cases: int
    violations: tuple[str, ...]


Rule = Callable[[History, Policy], tuple[int, Iterable[str]]]


def one_decision(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    return len(history.eligible), _one_each(history.eligible, history.decisions, "decision")


def one_diagnosis(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    return len(history.failures), _one_each(history.failures, history.diagnoses, "diagnosis")


def repeats_are_equal(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    answers = [records for records in (history.decisions | history.dead_letters).values() if len(records) > 1]
    different = (records for records in answers if len(set(map(_content, records))) > 1)
    return len(answers), (f"{records[0].id} at {_places(records)} differs" for records in different)


def log_time(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    return len(history.decisions), (
        f"decision {id_} is of {records[0].time}, no moment of failure {records[0].data['failure_id']}"
        for id_, records in history.decisions.items()
        if records[0].time not in _moments(history.eligible.get(records[0].data["failure_id"], []))
    )


def cooldown(history: History, policy: Policy) -> tuple[int, Iterable[str]]:
    scopes: defaultdict[str, list[Entry]] = defaultdict(list)
    for records in history.of("heal.requested").values():
        scopes[records[0].data["cooldown_scope"]].append(records[0])
    pairs = [pair for heals in scopes.values() for pair in pairwise(sorted(heals, key=lambda heal: heal.time))]
    return len(pairs), (
        f"{earlier.data['cooldown_scope']}: {earlier.id} at {earlier.time}, {later.id} at {later.time}"
        for earlier, later in pairs
        if later.time - earlier.time < _cooldown(later, policy)
    )


def decided_in_order(history: History, policy: Policy) -> tuple[int, Iterable[str]]:
    """Decide on the diagnoses once more, in the order of their partition, and compare."""
    decisions = {records[0].data["failure_id"]: records[0] for records in history.decisions.values()}
    undecided = (records[0] for records in history.diagnoses.values())
    ordered = sorted(undecided, key=lambda diagnosis: (diagnosis.partition, diagnosis.offset))
    return len(decisions), _out_of_order(ordered, decisions, policy)


def attempts(history: History, policy: Policy) -> tuple[int, Iterable[str]]:
    numbered = [(number, heal) for heals in _heals_of_tasks(history).values() for number, heal in enumerate(heals)]
    return len(numbered), (
        f"heal {heal.id} of {heal.data['source_task_id']} has number {heal.data['retry_count']} and not {expected}, "
        f"at most {policy.max_retries[heal.data['error_category']]}"
        for number, heal in numbered
        for expected in [1 + max(number, _producers_count(history, heal))]
        if not heal.data["retry_count"] == expected <= policy.max_retries[heal.data["error_category"]]
    )


def one_open_heal(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    ended: dict[str, Entry] = {}
    for records in history.of("heal.succeeded", "heal.failed", "heal.expired").values():
        ended.setdefault(records[0].data["heal_task_id"], records[0])
    pairs = [pair for heals in _heals_of_tasks(history).values() for pair in pairwise(heals)]
    return len(pairs), (
        f"{later.data['source_task_id']}: {later.id} at {later.place} while {earlier.id} is open"
        for earlier, later in pairs
        if later.time < datetime.fromisoformat(earlier.data["expires_at"])
        and not _before(ended.get(earlier.data["heal_task_id"]), later)
    )


def suppressed_for_a_reason(history: History, policy: Policy) -> tuple[int, Iterable[str]]:
    heals = _heals_of_tasks(history)
    suppressions = [records[0] for records in history.of("heal.suppressed").values()]
    return len(suppressions), (
        f"suppression {entry.id} says {entry.data['reason']}, and nothing in the log does"
        for entry in suppressions
        if not _has_reason(entry, heals.get(entry.data["source_task_id"], []), history, policy)
    )


def dead_letters(history: History, _: Policy) -> tuple[int, Iterable[str]]:
    buried = Counter(burial(records[0]) for records in history.dead_letters.values())
    due = Counter(entry.place for entry in history.undecodable)
    return len(due), (
        f"{place} has {buried[place]} dead letters and not {due[place]}"
        for place in due | buried
        if buried[place] != due[place]
    )


RULES: Final[dict[str, Rule]] = {
    "every failure has exactly one decision": one_decision,
    "every failure has exactly one diagnosis": one_diagnosis,
    "a decision published again says the same": repeats_are_equal,
    "decisions have the log time of their failure": log_time,
    "no cooldown is violated in log time": cooldown,
    "decisions and retry_at follow the order of the failures": decided_in_order,
    "attempts are numbered without gaps, within their budget": attempts,
    "a task has one open heal at most": one_open_heal,
    "every suppression has its reason in the log": suppressed_for_a_reason,
    "undecodable records have one dead letter each": dead_letters,
}


def check_log(history: History, policy: Policy) -> list[Check]:
    """Hold a log against every rule."""
    results = ((name, *rule(history, policy)) for name, rule in RULES.items())
    return [Check(name, cases, tuple(violations)) for name, cases, violations in results]


def _one_each(failures: Records, answers: Records, noun: str) -> Iterator[str]:
    answered = failures_of(answers)
    for id_, records in failures.items():
        if (count := len(answered.get(id_, ()))) != 1:
            yield f"failure {id_} at {_places(records)} has {count} {noun} ids"
    for id_ in answered.keys() - failures.keys():
        yield f"{noun} {answered[id_][0]} is about {id_}, which is no failure"


def _out_of_order(diagnoses: Iterable[Entry], decisions: dict[str, Entry], policy: Policy) -> Iterator[str]:
    requested: dict[str, datetime] = {}
    for diagnosis in diagnoses:
        if (decision := decisions.get(diagnosis.data["failure_id"])) is None:
            continue
        scope = diagnosis.data["cooldown_scope"]
        over_at = requested[scope] + _cooldown(diagnosis, policy) if scope in requested else None
        cooling = over_at is not None and diagnosis.time < over_at
        expected = diagnosis.data.get("verdict") or ("cooldown" if cooling else None)
        retry_at = over_at if expected == "cooldown" else None
        if expected is None:
            requested[scope] = diagnosis.time
        if (decision.data.get("reason"), _moment(decision.data.get("retry_at"))) != (expected, retry_at):
            yield (
                f"failure {diagnosis.data['failure_id']} got {decision.data.get('reason')} until "
                f"{decision.data.get('retry_at')} and not {expected} until {retry_at}"
            )


def _has_reason(entry: Entry, heals: list[Entry], history: History, policy: Policy) -> bool:
    match entry.data["reason"]:
        case "cooldown":
            return True  # `decided_in_order` knows exactly
        case "already_healing":
            return bool(heals or _failure(history, entry).get("heal_task_id"))
        case "retries_exhausted":
            known = max(len(heals), _producers_count(history, entry))
            return known >= policy.max_retries[entry.data["error_category"]]
        case _:
            return False


def _heals_of_tasks(history: History) -> dict[str, list[Entry]]:
    """Return per task its heals, in the order of the log: they share its key and so its partition."""
    tasks: defaultdict[str, list[Entry]] = defaultdict(list)
    for records in history.of("heal.requested").values():
        tasks[records[0].data["source_task_id"]].append(records[0])
    return {task: sorted(heals, key=lambda heal: heal.offset) for task, heals in tasks.items()}


def _failure(history: History, decision: Entry) -> dict[str, object]:
    records = history.eligible.get(decision.data["failure_id"])
    return records[0].data if records else {}


def _producers_count(history: History, decision: Entry) -> int:
    count = _failure(history, decision).get("retry_count")
    return count if isinstance(count, int) else 0


def _before(outcome: Entry | None, heal: Entry) -> bool:
    return outcome is not None and (outcome.partition, outcome.offset) < (heal.partition, heal.offset)


def _cooldown(entry: Entry, policy: Policy) -> timedelta:
    return timedelta(seconds=policy.cooldown_s[entry.data["error_category"]])


def _moments(records: list[Entry]) -> set[datetime]:
    return {datetime.fromtimestamp(entry.at / 1000, UTC) for entry in records}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _content(entry: Entry) -> str:
    return json.dumps({**(entry.event or {}), "origin": None, "settled": None}, sort_keys=True)


def _places(records: list[Entry]) -> str:
    return ", ".join(entry.place for entry in records)
