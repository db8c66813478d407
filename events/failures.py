"""The diagnosis of a failure (S2)."""

from typing import Annotated, Literal

from pydantic import Field

from events.categories import Category
from events.envelope import CloudEvent, Count, Data, Identifier

Verdict = Literal["already_healing", "resuming", "needs_attention", "retries_exhausted"]


class Evidence(Data):
    """A rule that spoke, and the span of the output that made it speak."""

    rule: str
    start: Count
    """First character of the span, counted in the output as it was published."""
    end: Count
    text: str
    """The span's text, secrets masked."""


class FailureDiagnosedData(Data):
    task_id: Identifier
    idea_id: Identifier | None = None
    task_type: str | None = None
    provider: str | None = None
    executor: str | None = None
    """Who ran the task; the provider when the failure names no executor."""
    error_category: Category
    error_summary: str
    reason: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    evidence: tuple[Evidence, ...] = ()
    classified_by: Literal["producer", "rules"]
    failure_id: Identifier
    """Id of the failure event that is diagnosed here."""
    cooldown_scope: str
    attempts: Count
    """Heals already requested for the task, by our count or the producer's, whichever is larger."""
    verdict: Verdict | None = None
    """The first of the guards 2-5 that forbids a heal, as known at the work key (S1)."""


# The storage contract, as in `events.tasks`.


class FailureDiagnosed(CloudEvent):
    """What a failure was, and whether anything known of its task forbids a heal."""

    type: Literal["autoheal.failure.diagnosed.v1"] = "autoheal.failure.diagnosed.v1"
    data: FailureDiagnosedData
