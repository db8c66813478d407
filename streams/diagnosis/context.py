"""How much a match counts, by the line it stands on: quoted text is no cause, a recovered error hardly one."""

import re2

from streams.diagnosis.rule import pattern_options

# Text that a tool shows but does not say: source lines, stack frames, gutters, commands, passed tests, nothing-counts.
_QUOTED = re2.compile(
    rb"(?m:"
    rb'^[\s|]*File "[^"\n]*", line \d+'
    rb"|^\s+at (?:async )?[\w.$<>\[\] /-]*\(?[^()\n]*:\d+"
    rb"|^\s+at [\w.$/<>@-]+\([^()\n]*\)"
    rb"|^ *>? *\d+ *\| "
    rb"|^>   "
    rb"|^[\s|]+(?:raise|throw|return|assert|def|if|elif|else:|for|while|with|except|catch|try:|import|from|await|async"
    rb"|const|let|var|func|fn|self\.|print|logger?\.)\b"
    rb"|^\+{1,3} [\w./-]+(?: |$)"
    rb"|^\$ "
    rb"|^ *(?:[\xe2][\x9c][\x93\x94]|\xe2\x88\x9a) "
    rb"|^ok(?: \d+)?\b"
    rb"|^(?:PASS|PASSED|ok|---? PASS|\[ +(?:OK|RUN|PASSED) +\])\b"
    rb"|(?:\.\.\. ?ok|\bPASSED(?: +\[ *\d+%\])?)$"
    rb"|\bexit code:? 0\b"
    rb")",
    pattern_options(),
)

# Said in passing: below the level of an error, or before another try.
_PASSING = re2.compile(
    rb"(?m:"
    rb"^(?:[^\sA-Za-z]*[\s\[(|:]*(?:\S+[ \t]+){0,4})[\[(<]?(?:INFO|DEBUG|TRACE|NOTICE|VERBOSE|WARN|WARNING)\b"
    rb"|^\W*(?i:warn(?:ing)?|info|debug|note|notice|hint|help|tip)\b ?[:\]\[-]"
    rb"|\blevel=\"?(?i:info|debug|warn|warning|trace)\b"
    rb"|\"level\": ?\"(?i:info|debug|warn|warning|trace)\""
    rb"|^[IWD]\d{4} \d\d:"
    rb"|(?i:\bretrying\b|\bretry:? #?\d|\bwill (?:be )?retr|\bretries left\b|\bback(?:ing)?[ -]?off\b|\brecovered\b"
    rb"|\btrying again\b|\breconnecting\b|\brestarting\b|\brestarted\b|\bfalling back\b|\bfallback to\b|\bignor(?:ed|ing)\b"
    rb"|\bswallowed\b|\bcontinuing\b|\bsucceeded\b|\battempt #?\d+(?:/\d+| of \d+)? failed\b|\bafter retry\b)"
    rb"|^(?:assistant|user|human|ai|system|tool)(?:>|:) "
    rb"|^[-+?] "
    rb")",
    pattern_options(),
)

# The last of several tries is the end, whatever the line says about trying.
_FINAL = re2.compile(
    rb"(?i)\bgiv(?:ing|en) up\b|\bgave up\b|\bexhausted\b|\bmax(?:imum)? (?:number of )?(?:retries|attempts)\b"
    rb"|\bretries exceeded\b|\bno more (?:retries|attempts)\b|\bafter \d+ (?:retries|attempts|tries)\b|\btotal=0\b"
    rb"|\bnot retrying\b|\bwill not (?:be )?retr|\blast (?:try|attempt)\b|\ball retries\b",
    pattern_options(),
)

_PASSING_WEIGHT = 0.3
_CONTEXT_BYTES = 400


def weight(data: bytes, start: int, end: int) -> float:
    """How much of a rule's strength stands at a match: 0 quoted, 1 said plainly."""
    line_start = data.rfind(b"\n", max(0, start - _CONTEXT_BYTES), start) + 1 or max(0, start - _CONTEXT_BYTES)
    line_end = data.find(b"\n", start, end + _CONTEXT_BYTES)
    line = data[line_start : line_end if line_end >= 0 else end + _CONTEXT_BYTES]
    if _counts_nothing(data, start, end) or _is_source_line(data, line_start) or _QUOTED.search(line):
        return 0.0
    if _PASSING.search(line) and not _FINAL.search(line):
        return _PASSING_WEIGHT
    return 1.0


def _counts_nothing(data: bytes, start: int, end: int) -> bool:
    """``0 failed``, ``errors: 0``."""
    before = data[max(0, start - 3) : start]
    return (before.endswith(b"0 ") and not before[:1].isdigit()) or data[end : end + 3] in (b": 0", b" = 0", b"=0")


def _is_source_line(data: bytes, line_start: int) -> bool:
    """Whether the line above is a frame of a Python traceback, so that this one is the frame's source."""
    if data[line_start : line_start + 1] not in (b" ", b"|"):
        return False
    above = data.rfind(b"\n", max(0, line_start - 1 - _CONTEXT_BYTES), line_start - 1) + 1
    return data[above:line_start].lstrip(b" |+").startswith(b'File "')
