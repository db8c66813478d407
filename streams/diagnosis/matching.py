"""Which rules speak in an output, where, and how much each match counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import re2

from streams.diagnosis.context import weight
from streams.diagnosis.rule import Rule, compile_pattern, multiline, pattern_options

_SET_MEMORY = 64 << 20
_LAST_WINDOW = 16_384  # bytes: a match this near to the end makes all before it unimportant
_MATCHES_PER_RULE = 32
_START_WEIGHT = 0.7  # what a match at the very start counts beside the same at the end


@dataclass(slots=True, frozen=True)
class Hit:
    """A match that counts, in bytes of the scanned text."""

    rule: Rule
    start: int
    end: int
    score: float


class Matcher:
    """All rules as one automaton, and each by itself for its spans.

    Raises:
        ValueError: A pattern does not compile.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._patterns = [compile_pattern(rule.pattern) for rule in self._rules]
        self._set = re2.Set.SearchSet(pattern_options(_SET_MEMORY))
        for rule in self._rules:
            self._set.Add(multiline(rule.pattern))
        self._set.Compile()

    def hits(self, data: bytes) -> list[Hit]:
        """The matches that count, best first; of equals the last."""
        hits = [hit for index in self._set.Match(data) or () for hit in self._hits_of(index, data)]
        if len(hits) > 1:
            hits = _unquoted(hits)
            hits.sort(key=lambda hit: (hit.score, hit.start), reverse=True)
        return hits

    def _hits_of(self, index: int, data: bytes) -> list[Hit]:
        rule = self._rules[index]
        hits = []
        for start, end in self._spans(index, data):
            counts = weight(data, start, end)
            if counts:
                nearness = _START_WEIGHT + (1 - _START_WEIGHT) * end / len(data)
                hits.append(Hit(rule, start, end, rule.strength * counts * nearness))
        return hits

    def _spans(self, index: int, data: bytes) -> list[tuple[int, int]]:
        pattern = self._patterns[index]
        for begin in (max(0, len(data) - _LAST_WINDOW), 0):
            spans = [match.span() for match in islice(pattern.finditer(data, begin), _MATCHES_PER_RULE)]
            if spans or begin == 0:
                return spans
        return []


def _unquoted(hits: list[Hit]) -> list[Hit]:
    """Without the matches inside of what another rule quotes; of two quotations the stronger rule's stays."""
    hits.sort(key=lambda hit: (hit.start, -hit.rule.strength, not hit.rule.quotes))
    quotations: list[Hit] = []
    kept = []
    for hit in hits:
        quotations = [quotation for quotation in quotations if quotation.end > hit.start]
        if any(not hit.rule.quotes or quotation.rule.strength > hit.rule.strength for quotation in quotations):
            continue
        kept.append(hit)
        if hit.rule.quotes:
            quotations.append(hit)
    return kept
