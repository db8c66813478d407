"""How much a match counts, by the line it stands on: quoted text is no cause, a recovered error hardly one."""

from collections.abc import Sequence

import re2

from streams.diagnosis.rule import multiline, pattern_options

# Text that a tool shows but does not say.
_QUOTED = (
    r'^[\s|]*File "[^"\n]*", line \d+',  # frames
    r"^\s+at (?:async )?[\w.$<>\[\] /@-]*\(?[^()\n]*:\d+",
    r"^\s+at [\w.$/<>@-]+\([^()\n]*\)",
    r"^ *>? *\d+ *[|│] |^>   |^ *\| {3,}",  # numbered, marked and annotated source
    r"""^\s*[-+]\s+["'{\[]""",  # values that were compared
    r"^[\s|]+(?:raise|throw|return|assert|def|if|elif|else:|for|while|with|except|catch|try:|import|from|await|async)\b",
    r"^[\s|]+(?:const|let|var|func|fn|self\.|print|logger?\.)\b",
    r"^\+{1,3} [\w./-]+(?: |$)|^\$ ",  # commands
    r"^ *[✓✔√] |^ok(?: \d+)?\b|^(?:PASS|PASSED|---? PASS|\[ +(?:OK|RUN|PASSED) +\])",  # what went well
    r"(?:\.\.\. ?ok|\bPASSED(?: +\[ *\d+%\])?)$|\bexit code:? 0\b",
)
# Below the level of a warning, or in a conversation.
_PASSING = (
    r"^(?:[^\sA-Za-z]*[\s\[(|:]*(?:\S+[ \t]+){0,4})[\[(<]?(?:INFO|DEBUG|TRACE|NOTICE|VERBOSE)\b",
    r"^\W*(?i:info|debug)\b ?[:\]\[-]|/(?:INFO|DEBUG)/",
    r"(?: |: ?)(?:ok|OK)$",
    r"\b(?:exit|exited|status|code)(?: with)?(?: code| status)?[ :]+['\"]?(?:1|2|255)['\"]?\W*$",  # and nothing else
    r'\blevel="?(?i:info|debug|trace)\b|"level": ?"(?i:info|debug|trace)"|^[ID]\d{4} \d\d:',
    r"^(?:assistant|user|human|ai|system|tool)(?:>|:) ",
)
# Not the end: it goes on. Said on the line itself or on the next one.
_RECOVERY = (
    r"(?i)\bretrying\b|\bretry:? #?\d|\bwill (?:be )?retr|\bretries left\b|\btrying again\b|\bafter retry\b",
    r"\bback(?:ing)?[ -]?off\b|\brecovered\b|\breconnecting\b|\bfalling back\b|\bfallback to\b|\bsucceeded\b",
    r"\brestarting (?:it|the|worker|process|in)\b|, restarting\b|\brestarted\b|\bcontinuing\b",
    r"\bignor(?:ed|ing)\b|\bswallowed\b|\battempt #?\d+(?:/\d+| of \d+)? failed\b",
)
# Worth a warning, and so seldom the end; or a line of a list, that may be one of changes.
_WARNING = (
    r"^(?:[^\sA-Za-z]*[\s\[(|:]*(?:\S+[ \t]+){0,4})[\[(<]?(?:WARN|WARNING)\b|^\W*(?i:warn(?:ing)?)\b ?[:\]\[-]",
    r'\blevel="?(?i:warn)|"level": ?"(?i:warn)|^W\d{4} \d\d:|\b[A-Z]\w+Warning: ',
    r"^[-+?] ",
)
# The last of several tries is the end, whatever the line says about trying; and a signal is a fact at any level.
_FINAL = (
    r"(?i)\bgiv(?:ing|en) up\b|\bgave up\b|\bexhausted\b|\bmax(?:imum)? (?:number of )?(?:retries|attempts)\b",
    r"\bretries exceeded\b|\bno (?:more )?(?:retries|attempts)\b|\bafter \d+ (?:retries|attempts|tries)\b|\btotal=0\b",
    r"\bnot retrying\b|\bwill not (?:be )?retr|\blast (?:try|attempt)\b|\ball retries\b|\bretry limit\b",
    r"\b(?:timed out|failed) retrying\b|\bNegsignal\b|\bSIGKILL\b",
)

_IS_QUOTED, _IS_PASSING, _IS_RECOVERY, _IS_WARNING, _IS_FINAL = range(5)
_PASSING_WEIGHT = 0.3
_WARNING_WEIGHT = 0.6
_CONTEXT_BYTES = 400
_CAPTURED = b"- Captured "
_CAPTURED_BYTES = 4_000


def _signs() -> re2.Set:
    signs = re2.Set.SearchSet(pattern_options(4 << 20))
    for alternatives in (_QUOTED, _PASSING, _RECOVERY, _WARNING, _FINAL):
        signs.Add(multiline("|".join(alternatives)))
    signs.Compile()
    return signs


_SIGNS = _signs()
_PLACE = re2.compile(r"[\s|+]*File \"|[^\s:]+\.\w+:\d+$", pattern_options())


class Context:
    """Weighs matches in one scanned text; lines are looked at once, however many rules speak on them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._captures = _CAPTURED in data
        self._weights: dict[int, float] = {}

    def weight(self, start: int, end: int) -> float:
        """How much of a rule's strength stands at a match: 0 quoted, 1 said plainly."""
        if _counts_nothing(self._data, start, end):
            return 0.0
        floor = max(0, start - _CONTEXT_BYTES)
        line_start = self._data.rfind(b"\n", floor, start) + 1 or floor
        weight = self._weights.get(line_start)
        if weight is None:
            weight = self._weights[line_start] = self._line_weight(line_start, start)
        return weight

    def _line_weight(self, line_start: int, start: int) -> float:
        data = self._data
        line_end = data.find(b"\n", start, start + _CONTEXT_BYTES)
        if line_end < 0:
            line_end = min(len(data), start + _CONTEXT_BYTES)
        signs = _SIGNS.Match(data[line_start:line_end]) or ()
        if _IS_QUOTED in signs or _is_source_line(data, line_start):
            return 0.0
        if _IS_FINAL in signs:
            return 1.0
        if _IS_PASSING in signs or _IS_RECOVERY in signs or (self._captures and _is_captured(data, line_start)):
            return _PASSING_WEIGHT
        if _IS_RECOVERY in _signs_below(data, line_end):
            return _PASSING_WEIGHT
        return _WARNING_WEIGHT if _IS_WARNING in signs else 1.0


def _signs_below(data: bytes, line_end: int) -> Sequence[int]:
    if line_end + 1 >= len(data):
        return ()
    below = data.find(b"\n", line_end + 1, line_end + _CONTEXT_BYTES)
    return _SIGNS.Match(data[line_end + 1 : below if below >= 0 else line_end + _CONTEXT_BYTES]) or ()


def _is_captured(data: bytes, start: int) -> bool:
    """Whether a test printed it, as test runners repeat below a heading of their own."""
    heading = data.rfind(_CAPTURED, max(0, start - _CAPTURED_BYTES), start)
    return heading >= 0 and data.find(b"\n===", heading, start) < 0 and data.find(b"\n___", heading, start) < 0


def _counts_nothing(data: bytes, start: int, end: int) -> bool:
    """``0 failed``, ``no crashes``, ``errors: 0``, ``unreachable=0``."""
    before = data[max(0, start - 3) : start]
    none = before == b"no " or (before.endswith(b"0 ") and not before[-3:-2].isdigit())
    return none or data.startswith((b": 0", b" = 0", b"=0"), end)


def _is_source_line(data: bytes, line_start: int) -> bool:
    """Whether the line above names a place in a source file, as interpreters do before they show that place."""
    above_end = max(0, line_start - 1)
    above = data[data.rfind(b"\n", max(0, above_end - _CONTEXT_BYTES), above_end) + 1 : above_end]
    if b'File "' in above:
        line = data[line_start : line_start + _CONTEXT_BYTES]
        return _PLACE.match(above) is not None and _indent(line) > _indent(above)
    return above[-1:].isdigit() and _PLACE.match(above) is not None


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" |+"))
