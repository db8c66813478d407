"""Runs a task's command for real and publishes what happens to it, as any producer would."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from autoheal.demo.task import Task
from autoheal.embedded import end_with_parent
from events import Publisher, TaskCreated, TaskFailed, TaskStarted, TaskTimedOut

SOURCE: Final = "/runners/demo"


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended."""

    output: str
    exit_code: int | None
    signal: str | None
    timed_out: bool
    elapsed_ms: int


async def run(task: Task, api: str) -> Run:
    """Run a task's command in a directory of its own until it ends or its deadline has come.

    Args:
        task: What to run.
        api: Address of the web server that fails.
    """
    with TemporaryDirectory(prefix="autoheal-task-") as folder:
        for name, content in task.files.items():
            (Path(folder) / name).write_text(content.lstrip(), encoding="utf-8")
        start = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *task.command,
            cwd=folder,
            env=_environment(api),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
        deadline = asyncio.get_running_loop().call_later(task.deadline_seconds, os.killpg, process.pid, signal.SIGKILL)
        try:
            output, _ = await process.communicate()
        finally:
            timed_out = deadline.when() <= asyncio.get_running_loop().time()
            deadline.cancel()
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        elapsed_ms = round(1000 * (time.monotonic() - start))
    code = process.returncode or 0
    ended_by = signal.Signals(-code).name if code < 0 else None
    return Run(output.decode(errors="replace"), None if code < 0 else code, ended_by, timed_out, elapsed_ms)


async def publish_start(publisher: Publisher, task: Task) -> None:
    """Publish that the task exists and a runner has taken it."""
    about: dict[str, Any] = {"task_id": task.name, "task_type": task.task_type, "provider": task.provider}
    created = TaskCreated.new(SOURCE, **about, direction=task.about)
    started = TaskStarted.new(SOURCE, **about, runner_id="demo", max_runtime_seconds=task.deadline_seconds)
    await publisher.publish_all([created, started])


async def publish_end(publisher: Publisher, task: Task, run: Run) -> str:
    """Publish how the task ended and return the event's id."""
    data: dict[str, Any] = {
        "task_id": task.name,
        "task_type": task.task_type,
        "provider": task.provider,
        "executor": task.executor,
        "retry_count": task.retry_count,
        "output": run.output,
        "elapsed_ms": run.elapsed_ms,
    }
    event = (
        TaskTimedOut.new(SOURCE, **data, reason="deadline")
        if run.timed_out
        else TaskFailed.new(SOURCE, **data, exit_code=run.exit_code, signal=run.signal)
    )
    await publisher.publish(event)
    return event.id


def _environment(api: str) -> dict[str, str]:
    """Return our environment, with this Python and the tools beside it first."""
    tools = Path(sys.executable).parent
    return os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}", "API": api, "NO_COLOR": "1"}
