"""The tasks of the demo, from their file."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

POLICY: Final = Path(__file__).with_name("policy.toml")
"""What the demo's worker decides by."""


class Task(BaseModel):
    """A command that fails, and what its producer knows about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    files: dict[str, str] = {}
    task_type: str = "impl"
    provider: str | None = None
    executor: str | None = None
    retry_count: int | None = None
    deadline_seconds: PositiveFloat = 30
    runs: PositiveInt = 1


def load_tasks() -> list[Task]:
    """Read the packaged tasks; one that is `like` another has what it does not say itself from there."""
    entries: dict[str, dict[str, Any]] = {}
    for entry in tomllib.loads(files("autoheal.demo").joinpath("tasks.toml").read_text(encoding="utf-8"))["tasks"]:
        entries[entry["name"]] = entries.get(entry.pop("like", ""), {}) | entry
    return [Task(**entry) for entry in entries.values()]
