"""From an output and the way the process ended to one diagnosis (S2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from events.categories import Category
from events.failures import Evidence
from events.secrets import mask
from streams.diagnosis.exit_status import ExitStatus, read_exit_status
from streams.diagnosis.matching import Hit, Matcher
from streams.diagnosis.output import Output, read_output
from streams.diagnosis.rule import Rule, packaged_rules
from streams.diagnosis.summary import NO_DIAGNOSTICS, SUMMARY_CHARS, last_line, line_of, summarize

_EVIDENCE = 8
_EVIDENCE_CHARS = 200
_DECISIVE = 0.9  # a score below says too little for any category
_SURE = 3.0  # the strength of words with one meaning
_JUDGING = frozenset({"test", "code-review", "review", "verify-production"})
_JUDGING_WEIGHT = 1.1  # where the work is to judge other work, a finding is likelier than a broken tool
_SECRET_CONTEXT = 300  # characters around evidence in which the name of a secret would stand


@dataclass(slots=True, frozen=True)
class Diagnosis:
    """Why a task failed (S2)."""

    category: Category
    summary: str
    reason: str
    evidence: tuple[Evidence, ...]
    confidence: float


class Classifier:
    """Diagnoses failures by rules.

    Args:
        rules: In any order; which one decides depends on strength and place only.

    Raises:
        ValueError: A pattern does not compile.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._matcher = Matcher(rules)

    def classify(
        self,
        output: str | None,
        *,
        exit_code: int | None = None,
        signal: str | int | None = None,
        task_type: str | None = None,
    ) -> Diagnosis:
        """Name the cause that finally made a task fail.

        Args:
            output: What the task printed, in any state.
            exit_code: As the shell (128 + n) or Python's subprocess (-n) reports it.
            signal: Its name or number.
            task_type: The phase; where work is judged, a validation failure is believed a little sooner.
        """
        text = read_output(output or "")
        hits = self._matcher.hits(text.data)
        if task_type in _JUDGING:
            hits = _favour_findings(hits)
        best = hits[0] if hits and hits[0].score >= _DECISIVE else None
        status = read_exit_status(exit_code, signal)
        if status and (best is None or status.strength >= best.score):
            return _by_status(status, output or "", text, hits)
        if best:
            return _by_hit(best, output or "", text, hits)
        return Diagnosis("unknown", last_line(text.data) or NO_DIAGNOSTICS, "unknown", (), 0.0)


@cache
def default_classifier() -> Classifier:
    """The classifier of the packaged rules; compiled once."""
    return Classifier(packaged_rules())


def _favour_findings(hits: list[Hit]) -> list[Hit]:
    for hit in hits:
        if hit.rule.category == "validation_failure":
            hit.score *= _JUDGING_WEIGHT
    return sorted(hits, key=lambda hit: (hit.score, hit.start), reverse=True)


def _by_hit(best: Hit, output: str, text: Output, hits: list[Hit]) -> Diagnosis:
    rule = best.rule
    summary = summarize(line_of(text.data, best.start, best.end))
    return Diagnosis(rule.category, summary, rule.reason, _evidence(output, text, hits), _confidence(best, hits))


def _by_status(status: ExitStatus, output: str, text: Output, hits: list[Hit]) -> Diagnosis:
    own = Evidence(rule="exit-status", start=0, end=0, text=status.words)
    evidence = (own, *_evidence(output, text, hits))
    confidence = min(1.0, status.strength / _SURE)
    agreeing = next((hit for hit in hits if hit.rule.category == status.category and hit.score >= _DECISIVE), None)
    if agreeing:
        summary = summarize(line_of(text.data, agreeing.start, agreeing.end))
        return Diagnosis(status.category, summary, agreeing.rule.reason, evidence, confidence)
    last = last_line(text.data)
    summary = f"{status.words}, last output: {last}"[:SUMMARY_CHARS] if last else f"{status.words}, no output"
    return Diagnosis(status.category, summary, status.reason, evidence, confidence)


def _evidence(output: str, text: Output, hits: list[Hit]) -> tuple[Evidence, ...]:
    """The best match of each rule that spoke."""
    best_of: dict[str, Hit] = {}
    for hit in hits:
        best_of.setdefault(hit.rule.name, hit)
        if len(best_of) == _EVIDENCE:
            break
    spans = [(hit.rule.name, *_span(text, hit)) for hit in best_of.values()]
    if not spans:
        return ()
    # Text without any secret is nearly all text: one look at all of the evidence saves one at each.
    around = _around(output, min(start for _, start, _ in spans), max(end for _, _, end in spans))
    plain = len(around) <= 2 * _SECRET_CONTEXT * len(spans) and mask(around) is around
    return tuple(
        Evidence(rule=rule, start=start, end=end, text=output[start:end] if plain else _masked(output, start, end))
        for rule, start, end in spans
    )


def _span(text: Output, hit: Hit) -> tuple[int, int]:
    start = text.origin(hit.start)
    return start, min(text.origin(hit.end - 1) + 1, start + _EVIDENCE_CHARS)


def _around(output: str, start: int, end: int) -> str:
    """A match may begin behind the name that makes a value a secret, so its surroundings are looked at too."""
    return output[max(0, start - _SECRET_CONTEXT) : end + _SECRET_CONTEXT]


def _masked(output: str, start: int, end: int) -> str:
    words, around = output[start:end], _around(output, start, end)
    masked = mask(around)
    if masked is around:
        return words
    alone = mask(words)
    return alone if alone in masked else "***"


def _confidence(best: Hit, hits: list[Hit]) -> float:
    """How telling the words were, less what speaks for the strongest other category."""
    rival = next((hit.score for hit in hits if hit.rule.category != best.rule.category), 0.0)
    return round(min(1.0, best.score / _SURE) * best.score / (best.score + rival), 3)
