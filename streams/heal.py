"""Agent **heal**: gives every diagnosed failure its one decision, a heal or the reason why not (S1)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from events.envelope import CloudEvent
from events.failures import FailureDiagnosed, FailureDiagnosedData
from events.heals import (
    HealRequested,
    HealRequestedData,
    HealSuppressed,
    HealSuppressedData,
    SuppressionReason,
    heal_task_id,
)
from events.tasks import HEAL_TASK_TYPE
from streams.decider import Agent, Control, Decision, derive
from streams.policy import Policy, Strategy

MAX_DIRECTION_CHARS = 5000
EXTENDED_WINDOW = 1.5
"""How much longer than recommended a task may take that ran out of time."""


@dataclass(frozen=True)
class CooldownRow:
    """When a heal was last requested in one cooldown scope."""

    requested_at: datetime | None = None


def key(event: CloudEvent) -> str | None:
    """Return the cooldown scope of a failure that is to be decided; a failing heal is no new failure to heal."""
    if isinstance(event, FailureDiagnosed) and event.data.task_type != HEAL_TASK_TYPE:
        return event.data.cooldown_scope
    return None


def decide(row: CooldownRow, event: FailureDiagnosed, at: datetime, control: Control) -> Decision[CooldownRow]:
    """Request a heal, or suppress it by the first guard that holds.

    Log time that runs backwards is no time passed: such a failure is inside of the cooldown.
    """
    failure = event.data
    over_at = _cooldown_over(row, control.policy.strategies[failure.error_category])
    now = max(at, row.requested_at or at)
    reason: SuppressionReason | None = failure.verdict
    if control.halted:
        reason = "halted"
    elif reason is None and over_at and now < over_at:
        reason = "cooldown"
    if reason is None:
        cooling = CooldownRow(now)
        return Decision(cooling, (_requested(event, at, cooling, control.policy),))
    return Decision(row, (_suppressed(event, at, reason, over_at if reason == "cooldown" else None),))


def _cooldown_over(row: CooldownRow, strategy: Strategy) -> datetime | None:
    return row.requested_at and row.requested_at + timedelta(seconds=strategy.cooldown_seconds)


def _suppressed(
    event: FailureDiagnosed, at: datetime, reason: SuppressionReason, retry_at: datetime | None
) -> HealSuppressed:
    data = HealSuppressedData(**_decision_data(event.data), reason=reason, retry_at=retry_at)
    return derive(event.id, "decision", HealSuppressed, at, data)


def _requested(event: FailureDiagnosed, at: datetime, cooling: CooldownRow, policy: Policy) -> HealRequested:
    failure = event.data
    strategy = policy.strategies[failure.error_category]
    data = HealRequestedData(
        **_decision_data(failure),
        heal_task_id=heal_task_id(failure.failure_id, failure.task_id),
        retry_count=failure.attempts + 1,
        strategy_name=strategy.name or failure.error_category,
        direction=render_direction(strategy, failure),
        executor_hint=choose_executor(strategy.executor_hint, failure.executor, policy.guards.executor_fallbacks),
        max_runtime_seconds=_max_runtime_seconds(failure, policy),
        expires_at=at + timedelta(seconds=policy.guards.observation_window_seconds),
        cooldown_until=_cooldown_over(cooling, strategy),
    )
    return derive(event.id, "decision", HealRequested, at, data)


def _decision_data(failure: FailureDiagnosedData) -> dict[str, Any]:
    return {
        "source_task_id": failure.task_id,
        "idea_id": failure.idea_id,
        "failure_id": failure.failure_id,
        "error_category": failure.error_category,
        "error_summary": failure.error_summary,
        "cooldown_scope": failure.cooldown_scope,
    }


def render_direction(strategy: Strategy, failure: FailureDiagnosedData) -> str:
    """Write what the healer is told, at most 5000 characters."""
    evidence = "; ".join(f"[{spoke.rule}] {spoke.text}" for spoke in failure.evidence)
    values = failure.model_dump(include={"provider", "executor", "idea_id", "task_type", "reason", "error_summary"})
    known = defaultdict(lambda: "(unknown)", {name: value for name, value in values.items() if value})
    known |= {"source_task_id": failure.task_id, "evidence": evidence or "none"}
    return strategy.direction_template.format_map(known)[:MAX_DIRECTION_CHARS]


def choose_executor(hint: str | None, failed: str | None, fallbacks: tuple[str, ...]) -> str | None:
    """Return the strategy's executor or, when it is the one that just failed, the next of the fallback list."""
    if hint is None or hint != failed:
        return hint
    start = fallbacks.index(hint) + 1 if hint in fallbacks else 0
    return next((other for other in fallbacks[start:] + fallbacks[:start] if other != failed), None)


def _max_runtime_seconds(failure: FailureDiagnosedData, policy: Policy) -> float:
    if failure.error_category == "timeout":
        return EXTENDED_WINDOW * policy.timeouts.default_for(failure.task_type)
    return policy.timeouts.default_for(HEAL_TASK_TYPE)


HEAL = Agent("heal", ("failures",), CooldownRow, key, decide)
