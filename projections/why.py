"""Why something was decided, in a sentence for people and as fields for programs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from events import Evidence
from events.heals import SuppressionReason

Details = dict[str, Any]

GUARDS: Final[dict[SuppressionReason, str]] = {
    "halted": "operations are frozen or read-only",
    "already_healing": "a heal of this task is under way",
    "resuming": "the task itself is resumed, and that is its recovery",
    "needs_attention": "its idea is flagged for a person",
    "retries_exhausted": "the task has had all the heals that its category allows",
    "cooldown": "a heal was requested a moment ago in the scope {cooldown_scope}",
}
"""What each guard that suppresses a heal says (S1)."""


class Why(BaseModel):
    """The reason of a decision; fields that do not apply are null."""

    model_config = ConfigDict(frozen=True)

    text: str
    """One sentence."""
    rule: str | None = None
    """The first rule of the diagnosis that spoke."""
    evidence: list[Evidence] | None = None
    """The rules that spoke, and the words of the output that made them."""
    guard: str | None = None
    """The guard that stood against a heal."""
    cooldown_until: datetime | None = None
    """Until then the next heal of the scope is suppressed."""
    retry_at: datetime | None = None
    """When the cooldown in the way is over."""
    strategy: str | None = None


def why(type_: str, details: Details) -> Why | None:
    """Return why an event came about; None for a fact that a producer published.

    Args:
        type_: Short, such as `heal.suppressed`.
        details: What the event says.
    """
    explain = _EXPLAIN.get(type_)
    return explain(details) if explain else None


def _diagnosed(said: Details) -> Why:
    category = f"{said['error_category']} ({said['reason']})"
    evidence = [Evidence.model_validate(spoke) for spoke in said.get("evidence") or []]
    rule = evidence[0].rule if evidence else None
    if said["classified_by"] == "producer":
        text = f"The producer says that it is {category}."
    elif rule:
        text = f"The rule {rule} speaks for {category}, {said['confidence']:.0%} sure."
    else:
        text = f"No words of the output speak for a cause: {category}."
    return Why(text=text, rule=rule, evidence=evidence, guard=said.get("verdict"))


def _requested(said: Details) -> Why:
    text = (
        f"No guard stands against it: heal {said['retry_count']} of this task, by the strategy {said['strategy_name']}"
    )
    text += f" on {said['executor_hint']}." if said.get("executor_hint") else "."
    return Why(text=text, strategy=said["strategy_name"], cooldown_until=said.get("cooldown_until"))


def _suppressed(said: Details) -> Why:
    because = GUARDS[said["reason"]].format_map(said)
    return Why(text=f"No heal, because {because}.", guard=said["reason"], retry_at=said.get("retry_at"))


def _concluded(what: str) -> Callable[[Details], Why]:
    def explain(said: Details) -> Why:
        seconds = said.get("elapsed_seconds")
        after = f" {seconds:.0f} s after the failure" if seconds is not None else ""
        return Why(text=f"{what}{after}.", strategy=said.get("strategy_name"))

    return explain


def _task_requested(said: Details) -> Why:
    after = f" of {said['retried_from']}" if said.get("retried_from") else ""
    return Why(text=f"The {said['task_type']} phase goes on: {said['kind']}{after}.")


def _decision_needed(said: Details) -> Why:
    return Why(text=f"Automation is at its end, a person decides: {said['reason']}.")


def _extended(said: Details) -> Why:
    return Why(text=f"Its runner is alive: extension {said['extensions_granted']}, until {said['deadline']}.")


def _duplicate(said: Details) -> Why:
    return Why(text=f"It repeats {said['duplicate_of']}, which is active.")


_EXPLAIN: Final[dict[str, Callable[[Details], Why]]] = {
    "failure.diagnosed": _diagnosed,
    "heal.requested": _requested,
    "heal.suppressed": _suppressed,
    "heal.succeeded": _concluded("The heal task completed"),
    "heal.failed": _concluded("The heal task failed"),
    "heal.expired": _concluded("Nobody picked the heal up in time"),
    "task.requested": _task_requested,
    "task.decision_needed": _decision_needed,
    "task.deadline_extended": _extended,
    "task.duplicate_detected": _duplicate,
}
