"""The one decision that each failure gets, and what came of a heal (S1)."""

import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, NonNegativeFloat

from events.categories import Category
from events.envelope import CloudEvent, Data, Identifier, derived_id
from events.failures import Verdict

_HEAL_TASK_ID = re.compile(r"heal-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SuppressionReason = Literal["halted", "cooldown"] | Verdict


def heal_task_id(failure_id: str, task_id: str) -> str:
    """Return the id of the task that heals a failure: the same failure has the same heal."""
    return f"heal-{derived_id(failure_id, task_id, 'heal')}"


def is_heal_task_id(task_id: str) -> bool:
    """Tell a heal task by its id, whether or not its runner says what type of task it is."""
    return _HEAL_TASK_ID.fullmatch(task_id) is not None


class _OfHeal(Data):
    source_task_id: Identifier
    idea_id: Identifier | None = None
    error_category: Category


class _Decision(_OfHeal):
    failure_id: Identifier
    """Id of the failure event that is decided here."""
    error_summary: str
    cooldown_scope: str


class HealRequestedData(_Decision):
    heal_task_id: Identifier
    retry_count: Annotated[int, Field(ge=1, le=1 << 31)]
    """Number of this attempt, the first is 1."""
    strategy_name: str
    direction: Annotated[str, Field(max_length=5000)]
    executor_hint: str | None = None
    max_runtime_seconds: float | None = None
    expires_at: AwareDatetime
    cooldown_until: AwareDatetime | None = None
    """Until then the next heal of this cooldown scope is suppressed."""


class HealSuppressedData(_Decision):
    reason: SuppressionReason
    retry_at: AwareDatetime | None = None
    """When the cooldown that stands in the way is over."""


class HealOutcomeData(_OfHeal):
    heal_task_id: Identifier
    strategy_name: str
    elapsed_seconds: NonNegativeFloat | None = None


# The storage contract, as in `events.tasks`.


class HealRequested(CloudEvent):
    """Somebody should heal this task."""

    type: Literal["autoheal.heal.requested.v1"] = "autoheal.heal.requested.v1"
    data: HealRequestedData


class HealSuppressed(CloudEvent):
    """No heal for this failure, and why."""

    type: Literal["autoheal.heal.suppressed.v1"] = "autoheal.heal.suppressed.v1"
    data: HealSuppressedData


class HealSucceeded(CloudEvent):
    """The heal task completed."""

    type: Literal["autoheal.heal.succeeded.v1"] = "autoheal.heal.succeeded.v1"
    data: HealOutcomeData


class HealFailed(CloudEvent):
    """The heal task failed or timed out."""

    type: Literal["autoheal.heal.failed.v1"] = "autoheal.heal.failed.v1"
    data: HealOutcomeData


class HealExpired(CloudEvent):
    """Nobody picked the heal up in time."""

    type: Literal["autoheal.heal.expired.v1"] = "autoheal.heal.expired.v1"
    data: HealOutcomeData
