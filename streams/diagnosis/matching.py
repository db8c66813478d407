"""Which rules speak in an output, where, and how much each match counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import re2

from streams.diagnosis.context import Context
from streams.diagnosis.rule import Rule, compile_pattern, multiline, pattern_options

_LAST_WINDOW = 16_384  # bytes: a match this near to the end makes all before it unimportant
_MATCHES_PER_RULE = 32
_START_WEIGHT = 0.7  # what a match at the very start counts beside the same at the end
# Python's words between an exception and another that its handler ran into, perhaps by a bug of its own.
_HANDLING = b"\nDuring handling of the above exception, another exception occurred:"
_HANDLED_WEIGHT = 0.75


@dataclass(slots=True)
class Hit:
    """A match that counts, in bytes of the scanned text."""

    rule: Rule
    start: int
    end: int
    score: float


class Matcher:
    """Tries all rules at once.

    One pass of a set of all the rules' literals tells which rules can match at all; only those few are tried. (A set of
    whole patterns needs no second step, but nearly every new text leads its automaton to new states, and to make one
    costs a thousand times what a step through a known one does. The filter could try those few itself, with automata
    of its own beside those that say where: to search once and with half the automata takes a fifth less.)

    Raises:
        ValueError: A pattern does not compile.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(rule, compile_pattern(rule.pattern)) for rule in rules]
        self._filter = re2.Filter()
        for rule in rules:
            self._filter.Add(multiline(rule.pattern), pattern_options())
        if rules:
            self._filter.Compile()

    def hits(self, data: bytes) -> list[Hit]:
        """The matches that count, best first; of equals the last."""
        candidates = self._filter.Match(data, potential=True) if self._rules and data else None
        hits = self._weighed(candidates, data) if candidates else []
        if len(hits) > 1:
            hits = _unquoted(hits, data)
            hits.sort(key=lambda hit: (hit.score, hit.start), reverse=True)
        return hits

    def _weighed(self, candidates: Sequence[int], data: bytes) -> list[Hit]:
        context = Context(data)
        handling = data.rfind(_HANDLING)
        slope = (1 - _START_WEIGHT) / len(data)
        hits = []
        for index in candidates:
            rule, pattern = self._rules[index]
            for match in islice(_matches(pattern, data), _MATCHES_PER_RULE):
                start, end = match.span()
                if counts := context.weight(start, end):
                    finality = (_START_WEIGHT + slope * end) * (_HANDLED_WEIGHT if start < handling else 1.0)
                    hits.append(Hit(rule, start, end, rule.strength * counts * finality))
        return hits


def _matches(pattern: "re2._Regexp", data: bytes) -> "Iterator[re2._Match]":
    """The matches in the last window; if there is none in it, those in all of the text."""
    begin = len(data) - _LAST_WINDOW
    begin = begin if begin > 0 and pattern.search(data, begin) is not None else 0
    matches: Iterator[re2._Match] = pattern.finditer(data, begin)
    return matches


def _unquoted(hits: list[Hit], data: bytes) -> list[Hit]:
    """Without what stands behind a quoting match on its line; of two such matches the stronger rule's stays."""
    hits.sort(key=lambda hit: (hit.start, -hit.rule.strength, not hit.rule.quotes))
    quoting: list[tuple[int, float]] = []  # where the line ends, how strong the rule is
    kept = []
    for hit in hits:
        quoting = [quotation for quotation in quoting if quotation[0] > hit.start]
        if any(not hit.rule.quotes or strength > hit.rule.strength for _, strength in quoting):
            continue
        kept.append(hit)
        if hit.rule.quotes:
            line_end = data.find(b"\n", hit.end - 1)
            quoting.append((line_end if line_end >= 0 else len(data), hit.rule.strength))
    return kept
