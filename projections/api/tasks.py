"""Tasks, and all that happened to one of them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import create_model
from sqlalchemy import Engine

from projections.api.answers import page_model, refusals, row_model
from projections.pages import Stored
from projections.tables import tasks
from projections.task_search import TaskQuery, tasks_page
from projections.timeline import TimelineEvent, timeline

Task: Any = row_model("Task", tasks)
Tasks: Final = page_model("Tasks", Task)
Timeline: Final = create_model("Timeline", task=(Task | None, ...), events=list[TimelineEvent])
TaskId = Annotated[Stored, Path(description="The task, or a heal task", examples=["task_42"], min_length=1)]


def routes(engine: Engine) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(tags=["tasks"])

    @router.get("/api/tasks", summary="Tasks, the one with the newest event first", response_model=Tasks)
    def list_tasks(asked: Annotated[TaskQuery, Query()]) -> Any:
        """Search them by the beginning of their id or of their idea's."""
        return tasks_page(engine, asked)

    @router.get(
        "/api/tasks/{task_id:path}/timeline",
        summary="All that happened to a task, and why",
        response_model=Timeline,
        responses=refusals(not_found="No event about the task is known"),
    )
    def show_timeline(task_id: TaskId) -> Any:
        """Every event and decision in order; decisions say why: rule, evidence, guard, cooldown."""
        task, events = timeline(engine, task_id)
        if task is None and not events:
            raise HTTPException(404, f"Task {task_id} is not known")
        return {"task": task, "events": events}

    return router
