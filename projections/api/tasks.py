"""Tasks, and all that happened to one of them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import Field, create_model
from sqlalchemy import Engine

from projections.api.answers import page_model, refusals, row_model
from projections.pages import Stored
from projections.tables import tasks
from projections.task_search import TaskQuery, tasks_page
from projections.timeline import TimelineEvent, timeline

Task: Any = row_model("Task", tasks)
Tasks: Final = page_model("Tasks", Task)
Timeline: Final = create_model(
    "Timeline",
    task=(Task | None, ...),
    events=list[TimelineEvent],
    truncated=(bool, Field(description="True: these are the newest 1000 events, older ones are left out")),
)
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
        """Events and decisions in order, the newest 1000; decisions say why: rule, evidence, guard, cooldown."""
        known = timeline(engine, task_id)
        if known.task is None and not known.events:
            raise HTTPException(404, f"Task {task_id} is not known")
        return known._asdict()

    return router
