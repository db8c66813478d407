"""What happens to a task: facts that producers publish, and what the agents add to them."""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator

from events.categories import CATEGORIES, Category
from events.envelope import CloudEvent, Count, Data, Identifier, Milliseconds

HEAL_TASK_TYPE = "heal"
ExitCode = Annotated[int, Field(ge=-(1 << 31), lt=1 << 32)]
"""As the platform reports it: negative for a signal, up to 32 bits on Windows."""


def _known_category(value: object) -> object:
    """Drop a category that is none of the five: the rules then decide (S2)."""
    return value if value in CATEGORIES else None


class Artifacts(Data):
    """What a completed phase leaves for the next one (S3)."""

    impl_branch: str | None = None
    spec_file: str | None = None
    pr_number: Count | None = None
    pr_url: str | None = None


class _OfTask(Data):
    task_id: Identifier
    idea_id: Identifier | None = None


class TaskCreatedData(_OfTask):
    task_type: str
    direction: str | None = None
    idea_name: str | None = None
    provider: str | None = None
    model: str | None = None
    fingerprint: str | None = None
    target_state: str | None = None
    context: dict[str, Any] | None = None
    retry_count: Count | None = None
    source_task_id: Identifier | None = None
    is_resume: bool | None = None


class TaskStartedData(_OfTask):
    task_type: str | None = None
    runner_id: str | None = None
    provider: str | None = None
    max_runtime_seconds: float | None = None


class TaskProgressedData(_OfTask):
    output_tail: str
    output_chars: Count | None = None


class TaskCompletedData(_OfTask):
    task_type: str | None = None
    provider: str | None = None
    output: str | None = None
    elapsed_ms: Milliseconds | None = None
    artifacts: Artifacts | None = None


class TaskFailedData(_OfTask):
    task_type: str | None = None
    provider: str | None = None
    executor: str | None = None
    output: str | None = None
    error_summary: str | None = None
    error_category: Annotated[Category | None, BeforeValidator(_known_category)] = None
    exit_code: ExitCode | None = None
    signal: str | int | None = None
    elapsed_ms: Milliseconds | None = None
    heal_task_id: str | None = None
    retry_count: Count | None = None


class ReapDiagnosis(Data):
    """What the reaper saw of a task that it gave up (S4)."""

    runner_alive: bool
    provider: str | None = None
    error_class: Category
    partial_output_chars: Count
    partial_output_pct: Annotated[int, Field(ge=0, le=100)]
    extensions_granted: Count
    resume_task_id: str | None = None
    reaped_at: AwareDatetime


class TaskTimedOutData(TaskFailedData):
    reason: str | None = None
    partial_output: str | None = None
    partial_output_pct: Annotated[int, Field(ge=0, le=100)] | None = None
    diagnosis: ReapDiagnosis | None = None
    reaped_on_startup: bool | None = None


_EITHER: list[Any] = [{"properties": {name: {"type": "string"}}, "required": [name]} for name in ("task_id", "idea_id")]


class TaskDecisionNeededData(Data):
    model_config = ConfigDict(json_schema_extra={"anyOf": _EITHER})

    task_id: Identifier | None = None
    idea_id: Identifier | None = None
    task_type: str | None = None
    reason: str

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if self.task_id is None and self.idea_id is None:
            raise ValueError("needs a task_id or an idea_id")
        return self


class TaskDeadlineExtendedData(_OfTask):
    extensions_granted: Count
    deadline: AwareDatetime


class TaskDuplicateDetectedData(_OfTask):
    duplicate_of: Identifier
    fingerprint: str


class TaskRequestedData(_OfTask):
    kind: Literal["advance", "retry", "resume", "seed"]
    task_type: str
    idea_id: Identifier
    direction: str | None = None
    context: dict[str, Any] | None = None
    fingerprint: str
    retry_count: Count
    is_resume: bool | None = None
    resumed_from_task_id: str | None = None
    retried_from: str | None = None
    failed_provider: str | None = None
    seed_source: str | None = None
    auto_advance_source: str | None = None
    max_runtime_seconds: float | None = None


# These models are the storage contract: facts in the past tense, `requested` asks somebody to act.
# A new optional field keeps the version; a changed meaning is a new type (`.v2`) beside the old one.


class TaskCreated(CloudEvent):
    """A task exists and waits for a runner."""

    type: Literal["autoheal.task.created.v1"] = "autoheal.task.created.v1"
    data: TaskCreatedData


class TaskStarted(CloudEvent):
    """A runner took the task."""

    type: Literal["autoheal.task.started.v1"] = "autoheal.task.started.v1"
    data: TaskStartedData


class TaskProgressed(CloudEvent):
    """A running task shows the tail of its output."""

    type: Literal["autoheal.task.progressed.v1"] = "autoheal.task.progressed.v1"
    data: TaskProgressedData


class TaskCompleted(CloudEvent):
    """A task did its work."""

    type: Literal["autoheal.task.completed.v1"] = "autoheal.task.completed.v1"
    data: TaskCompletedData


class TaskFailed(CloudEvent):
    """A task ended in failure."""

    type: Literal["autoheal.task.failed.v1"] = "autoheal.task.failed.v1"
    data: TaskFailedData


class TaskTimedOut(CloudEvent):
    """A task ran out of time, by its runner's word or the reaper's."""

    type: Literal["autoheal.task.timed_out.v1"] = "autoheal.task.timed_out.v1"
    data: TaskTimedOutData


class TaskDecisionNeeded(CloudEvent):
    """Automation is at its end; a person decides."""

    type: Literal["autoheal.task.decision_needed.v1"] = "autoheal.task.decision_needed.v1"
    data: TaskDecisionNeededData


class TaskDeadlineExtended(CloudEvent):
    """A task of a live runner got more time (S4)."""

    type: Literal["autoheal.task.deadline_extended.v1"] = "autoheal.task.deadline_extended.v1"
    data: TaskDeadlineExtendedData


class TaskDuplicateDetected(CloudEvent):
    """A created task repeats one that is active (S3)."""

    type: Literal["autoheal.task.duplicate_detected.v1"] = "autoheal.task.duplicate_detected.v1"
    data: TaskDuplicateDetectedData


class TaskRequested(CloudEvent):
    """Somebody should create this task (S3)."""

    type: Literal["autoheal.task.requested.v1"] = "autoheal.task.requested.v1"
    data: TaskRequestedData
