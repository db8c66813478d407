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
    said = " ".join(mask(event.data.error_summary or "").split())[:MAX_SUMMARY_CHARS]
    found = _classified(event, classifier)
    category, reason = _category(event, found)
    return FailureCause(
        category=category,
        summary=said or found.summary,
        reason=reason,
        confidence=1.0 if event.data.error_category else found.confidence,
        evidence=tuple(Evidence(rule=e.rule, start=e.start, end=e.end, text=e.text) for e in found.evidence),
        classified_by="producer" if event.data.error_category else "rules",
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


def _category(event: Failure, found: Diagnosis) -> tuple[Category, str]:
    """Choose the category: the producer's, the reaper's, the rules', and a bare time-out is a timeout (S2)."""
    said = event.data.error_category
    if isinstance(event, TaskTimedOut):
        if said is None and event.data.diagnosis:
            said = event.data.diagnosis.error_class
        elif said is None and found.category == "unknown":
            return "timeout", event.data.reason or "deadline"
    if said is None or said == found.category:
        return found.category, found.reason
    return said, "reported"
