"""The policy: every number and text that decides, from one TOML file over the packaged default."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, field_validator

from events.categories import Category
from streams.diagnosis import Rule, parse_rules

PLACEHOLDERS = frozenset(
    ("source_task_id", "error_summary", "reason", "evidence", "provider", "executor", "idea_id", "task_type")
)
CooldownScope = Literal["category", "category+provider", "category+idea", "category+fingerprint"]


class PolicyError(ValueError):
    """A policy that cannot be used; the message is one line that names the key."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Strategy(_Table):
    """What to do about one category of failures (S1)."""

    name: str | None = None
    direction_template: str
    executor_hint: str | None = None
    max_retries: Annotated[int, Field(ge=1, le=3)]
    cooldown_seconds: Annotated[int, Field(ge=0)]

    @field_validator("executor_hint")
    @classmethod
    def _none_by_name(cls, hint: str | None) -> str | None:
        """Let a file take a packaged hint away: TOML has no null."""
        return None if hint in ("", "none") else hint

    @field_validator("direction_template")
    @classmethod
    def _known_placeholders(cls, template: str) -> str:
        unknown = {name for _, name, _, _ in Formatter().parse(template) if name is not None} - PLACEHOLDERS
        if unknown:
            raise ValueError(f"unknown placeholder {{{min(unknown)}}}, known are {', '.join(sorted(PLACEHOLDERS))}")
        return template.strip()


class Guards(_Table):
    """When a heal is not asked for (S1)."""

    cooldown_scope: CooldownScope
    observation_window_seconds: PositiveInt
    executor_fallbacks: tuple[str, ...]
    max_cooldown_factor: Annotated[int, Field(ge=1)]


class Phases(_Table):
    """The phases of an idea and their budgets (S3)."""

    sequence: Annotated[tuple[str, ...], Field(min_length=1)]
    max_retries_per_phase: Annotated[int, Field(ge=0)]
    max_tasks_per_phase: PositiveInt


class Reaper(_Table):
    """When a running task is given up (S4, S5)."""

    max_age_seconds: PositiveInt
    reap_interval_seconds: PositiveInt
    runner_liveness_seconds: PositiveInt
    max_extensions: Annotated[int, Field(ge=0)]
    orphan_after_seconds: PositiveInt
    resume_threshold_pct: Annotated[int, Field(ge=0, le=100)]
    attention_threshold: PositiveInt


class Timeouts(_Table):
    """How long work of each type may take (S6)."""

    window: PositiveInt
    min_samples: PositiveInt
    multiplier: PositiveFloat
    default_seconds: dict[str, PositiveInt]
    floor_seconds: dict[str, PositiveInt]

    def default_for(self, task_type: str | None) -> int:
        """Return the flat default for a task type, in seconds."""
        kind = "review" if task_type == "code-review" else task_type or "other"
        return self.default_seconds.get(kind, self.default_seconds["other"])


class Policy(_Table):
    """The whole policy."""

    strategies: dict[Category, Strategy]
    guards: Guards
    phases: Phases
    reaper: Reaper
    timeouts: Timeouts
    rules: tuple[Rule, ...] = ()


def load_policy(path: Path | None = None) -> Policy:
    """Read the packaged policy and lay a file over it, key by key.

    Raises:
        PolicyError: The file cannot be read, is no TOML, has an unknown key or a value out of bounds.
    """
    packaged = tomllib.loads(files("streams").joinpath("policy.toml").read_text(encoding="utf-8"))
    try:
        return Policy.model_validate(_overlaid(packaged, _read(path)) if path else packaged)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        raise PolicyError(f"policy {path}: {key}: {message}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) | {"rules": parse_rules(text, source="rules")}
    except (OSError, ValueError) as error:
        raise PolicyError(f"policy {path}: {error}") from None


def _overlaid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return dict(base) | {
        key: _overlaid(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }
