"""Example values that the tests share: one idea, two tasks, one moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

from events import CloudEvent, TaskFailed

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RUNNER = "/runners/runner-1"
TASK = "task_42"
OTHER_TASK = "task_43"
IDEA = "idea_7"

TRACEBACK = "Traceback (most recent call last):\n  File \"job.py\", line 3, in <module>\n    main()\nKeyError: 'plan'\n"
RATE_LIMITED = "requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: http://api.test/v1\n"


def after(seconds: float) -> datetime:
    """Return the moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def failed(at: float = 0, id: str | None = None, **data: Any) -> TaskFailed:  # noqa: A002
    """Return a task.failed, so many seconds after noon; a provider error of `TASK` when nothing else is said."""
    said = {"task_id": TASK, "error_category": "provider_error", "error_summary": "429 from the provider"} | data
    return TaskFailed.new(RUNNER, id=id, time=after(at), **said)


def made(event: type[CloudEvent], at: float = 0, **data: Any) -> CloudEvent:
    """Return an event of any type, so many seconds after noon."""
    return event.new(RUNNER, time=after(at), **data)
