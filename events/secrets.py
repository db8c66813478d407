"""Secrets are masked before text leaves in summaries, evidence, directions, projections or dead letters (S2.1).

Needs ``google-re2``, which a mere producer has not: import it by name, ``events`` itself never does.
"""

import re2

MASK = "***"

# Each alternative: what stays readable as a group of its own, then the secret, then what ends it, if it must stay.
_PRIVATE_KEY = (  # also when cut off before its end
    rb"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)"
    rb"(?:[\sA-Za-z0-9+/=\\:,*]|-[A-Za-z0-9])*(-----END [A-Z0-9 ]*-----)?"
)
_PRIVATE_KEY_END = rb"()(?:[A-Za-z0-9+/=*]+\s+)+(-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)"
_PRIVATE_KEY_LINE = rb"(?m:^([ \t]*)[A-Za-z0-9+/]{64,76}={0,2}[ \t]*$)"
_TOKENS = (
    rb"\b((?:sk|pk|rk|whsec)_(?:live|test)_|sk-(?:proj-|ant-|or-|svcacct-)?|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-"
    rb"|AIza|ya29\.|npm_|pypi-|hf_|gsk_|pplx-|r8_|xai-|hvs\.|dop_v1_|dckr_pat_|shp(?:at|ss|ca)_|SG\.|dapi|whsec_|glsa_"
    rb"|AGE-SECRET-KEY-|A(?:KIA|SIA|BIA|CCA|GPA|IDA|ROA|NPA)|eyJ)[A-Za-z0-9._/+=-]{6,}"
    rb"|(hooks\.slack\.com/services/)[\w/]+"
)
_HEADERS = (
    rb"(?i:\b((?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:bearer|basic|token|apikey|bot)\s+)[^\s\"',;]+)"
    rb"|(?i:\b((?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\r\n\"']+)"
    rb"|(?i:\b((?:set-)?cookie\\?[\"']?: *)[^\r\n\"']+)"
    rb"|(?i:\b(bearer\s+)[A-Za-z0-9._~+/=*-]{3,})"
)
_KEYS = (
    rb"[\w.-]*(?:pass(?:word|wd|phrase|code)[\w-]*|(?:\b|[_-])(?:pass|pwd)|pwd|secret[\w-]*|token|(?:api|access|account|auth"
    rb"|encryption|private|shared[_-]?access|signing|subscription)[_-]?key[\w-]*|credentials?)"
)
_ASSIGNMENTS = (
    rb"(?i:(" + _KEYS + rb"\\?[\"']?\s*(?:=>|:=|[:=])\s*\\?\")(?:[^\"\\]|\\[^\"])+)"
    rb"|(?i:(" + _KEYS + rb"\\?[\"']?\s*(?:=>|:=|[:=])\s*\\?')(?:[^'\\]|\\[^'])+)"
    rb"|(?i:(" + _KEYS + rb"[\"']?\s*(?:=>|:=|[:=])[ \t]*)[^\s\"'&;][^\s&;]*)"
    rb"|(?i:(--?" + _KEYS + rb"(?:\s+|=)[\"']?)[^\s\"'-][^\s\"']*)"
    rb"|(?i:((?:^|\s)(?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"']+:)[^\s\"']+)"
    rb"|(?i:(\b(?:api[ _-]?key|token|password|secret) (?:provided|supplied|given|used):? [\"']?)[^\s\"',;]+)"
)
_USERINFO = rb"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#\"'<>@]+(?:@[^\s/?#\"'<>@]+)*(@)"

# Words that prose puts after "Bearer".
_PROSE = frozenset({b"token", b"tokens", b"auth", b"authentication", b"authorization", b"realm", b"scheme", b"error"})


def _compile(pattern: bytes, *, groups: bool = True) -> "re2._Regexp":
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are matched as they are, whatever their encoding
    options.log_errors = False
    options.never_capture = not groups
    return re2.compile(pattern, options)


# One after the other, since one secret may stand inside of another's value.
_SECRETS = (_PRIVATE_KEY, _PRIVATE_KEY_END, _PRIVATE_KEY_LINE, _HEADERS, _USERINFO, _ASSIGNMENTS, _TOKENS)
_PASSES = tuple(_compile(secret) for secret in _SECRETS)
_ANY = _compile(b"|".join(_SECRETS), groups=False)  # text without any is nearly all text


def mask(text: str) -> str:
    """Replace every secret in a text by ``***``; names, prefixes and what surrounds them stay.

    Masking masked text changes nothing, and the time is linear in the length whatever the text.
    """
    data = text.encode("utf-8", "surrogatepass")
    if _ANY.search(data) is None:
        return text
    for pattern in _PASSES:
        data = pattern.sub(_hide, data)
    return data.decode("utf-8", "surrogatepass")


def _hide(found: "re2._Match") -> bytes:
    whole: bytes = found.group()
    if whole.lower().removeprefix(b"bearer").strip() in _PROSE:
        return whole
    kept: list[bytes] = [group for group in found.groups() if group is not None]
    return MASK.encode().join(kept) if len(kept) > 1 else kept[0] + MASK.encode()
