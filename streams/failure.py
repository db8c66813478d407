"""What a failure is, by the producer's word and the rules' (S2), and in whose cooldown it falls (S1)."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from events.categories import Category
from events.failures import Evidence
from events.secrets import mask
from events.tasks import TaskFailed, TaskTimedOut
from streams.diagnosis import Classifier, Diagnosis
from streams.policy import CooldownScope

Failure = TaskFailed | TaskTimedOut

MAX_SUMMARY_CHARS = 500
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[\w.~-]*/[\w./~-]+|0x[0-9a-fA-F]+|\b[0-9a-f]{7,}\b|\d+")


@dataclass(frozen=True, slots=True)
class FailureCause:
    """Why a task failed, and who says so."""

    category: Category
    summary: str
    reason: str
    confidence: float
    evidence: tuple[Evidence, ...]
    classified_by: Literal["producer", "rules"]


def find_cause(event: Failure, classifier: Classifier) -> FailureCause:
    """Diagnose a failure: what its producer already knows is kept, the rules say the rest (S2)."""
    said_summary = event.data.error_summary
    summary = " ".join(mask(said_summary).split())[:MAX_SUMMARY_CHARS] if said_summary else None
    found = _classified(event, classifier)
    said = _said_category(event, found)
    return FailureCause(
        category=said or found.category,
        summary=summary or found.summary,
        reason=found.reason if said in (None, found.category) else _said_reason(event),
        confidence=1.0 if said else found.confidence,
        evidence=found.evidence,
        classified_by="producer" if said else "rules",
    )


def cooldown_scope(scope: CooldownScope, cause: FailureCause, provider: str | None, idea_id: str | None) -> str:
    """Return the name of the cooldown that a failure falls under (S1)."""
    match scope:
        case "category":
            return cause.category
        case "category+provider":
            return f"{cause.category}+{provider or 'unknown'}"
        case "category+idea":
            return f"{cause.category}+{idea_id or 'none'}"
        case "category+fingerprint":
            return f"{cause.category}+{fingerprint(cause)}"


def fingerprint(cause: FailureCause) -> str:
    """Return what two failures of one kind have in common: the summary without what varies from run to run (S1)."""
    steady = _VARYING.sub("*", cause.summary)
    return hashlib.blake2s(f"{cause.category}/{cause.reason}/{steady}".encode(), digest_size=8).hexdigest()


def _classified(event: Failure, classifier: Classifier) -> Diagnosis:
    data = event.data
    output = data.output
    if output is None and isinstance(event, TaskTimedOut):
        output = event.data.partial_output
    found = classifier.classify(output, exit_code=data.exit_code, signal=data.signal, task_type=data.task_type)
    if found.category == "unknown" and data.error_summary:
        from_summary = classifier.classify(data.error_summary)
        return from_summary if from_summary.category != "unknown" else found
    return found


def _said_category(event: Failure, found: Diagnosis) -> Category | None:
    """Return the category by the word of the producer or the reaper; a bare time-out is a timeout (S2)."""
    if event.data.error_category or not isinstance(event, TaskTimedOut):
        return event.data.error_category
    if event.data.diagnosis:
        return event.data.diagnosis.error_class
    return "timeout" if found.category == "unknown" else None


def _said_reason(event: Failure) -> str:
    return (event.data.reason or "deadline") if isinstance(event, TaskTimedOut) else "reported"
