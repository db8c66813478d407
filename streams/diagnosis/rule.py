"""Rules are data: read from TOML, checked whole before anything starts."""

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from events.categories import Category

Text = Annotated[str, Field(min_length=1)]


class Rule(BaseModel):
    """What a tool says when it fails for one kind of cause (S2).

    Attributes:
        name: How evidence names it.
        pattern: RE2 syntax; ``^`` and ``$`` stand for the ends of a line, ``.`` for anything but a line break. Line
            breaks and the indentation of a line are layout, not part of the pattern. It is tried only where literals
            that it needs occur, of three characters or more. RE2 finds more of them in ``yaml|yml`` than in
            ``ya?ml``, in ``E (?: *x)`` than in ``E +x``, and in alternatives that do not begin as their neighbours.
        category: What the failure is when this rule decides.
        reason: The finer tag inside the category.
        strength: How telling a match is: about 1 for a mere hint, 2 for a usual wording, 3 for words with one meaning.
        quotes: What it matches holds other people's words (a compared value, a name, a source line), so no other
            rule may speak from inside of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    pattern: Text
    category: Category
    reason: Text
    strength: Annotated[float, Field(gt=0, le=5)] = 2.5
    quotes: bool = False

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        joined = "".join(line.lstrip() for line in pattern.splitlines())
        compile_pattern(joined)
        return joined


def pattern_options(max_memory: int = 8 << 20) -> re2.Options:
    """RE2 options of every rule: quiet on errors, bounded memory in bytes, no groups to report."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = max_memory
    return options


def multiline(pattern: str) -> str:
    """The pattern with ``^`` and ``$`` standing for the ends of a line."""
    return f"(?m:{pattern})"


def compile_pattern(pattern: str) -> "re2._Regexp":
    """Compile a rule's pattern.

    Raises:
        ValueError: It is not RE2 syntax, or it matches the empty text and so would speak about everything.
    """
    try:
        re2.compile(pattern, pattern_options())
        compiled = re2.compile(multiline(pattern), pattern_options())
    except re2.error as error:
        detail = error.args[0]
        raise ValueError(detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)) from None
    if compiled.search(b"") is not None:
        raise ValueError("matches empty text, so it would speak about every output")
    return compiled


def parse_rules(text: str, *, source: str) -> tuple[Rule, ...]:
    """Read the ``[[rules]]`` of a policy; its other tables are not looked at.

    Args:
        text: TOML.
        source: What to call it when a rule is refused.

    Raises:
        ValueError: It is not TOML, or a rule is refused; the one line names the source, the rule and its line.
    """
    try:
        entries = tomllib.loads(text).get("rules", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{source}: not TOML: {error}") from None
    if not isinstance(entries, list):
        raise ValueError(f"{source}: rules must be [[rules]] tables")  # noqa: TRY004 - one kind of refusal for a file
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith("[[rules]]")]
    positions = [f"line {line}" for line in lines] if len(lines) == len(entries) else []
    names: set[str] = set()
    rules = []
    for index, entry in enumerate(entries):
        where = f"{source}: rule {index + 1} ({positions[index]})" if positions else f"{source}: rule {index + 1}"
        rule = _parse_rule(entry, where)
        if rule.name in names:
            raise ValueError(f"{where} {rule.name!r}: another rule has this name")
        names.add(rule.name)
        rules.append(rule)
    return tuple(rules)


def _parse_rule(entry: object, where: str) -> Rule:
    try:
        return Rule.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = entry.get("name", "without a name") if isinstance(entry, dict) else "without a name"
        field = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{where} {name!r}: {field}: {message}") from None


@cache
def packaged_rules() -> tuple[Rule, ...]:
    """The rules that come with the product."""
    folder = resources.files("streams.diagnosis.rules")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(rule for file in files for rule in parse_rules(file.read_text("utf-8"), source=file.name))
