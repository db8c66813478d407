"""The OpenAPI document: FastAPI's own, and the events that may be published."""

from functools import reduce
from operator import or_
from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

from projections.api.intake import PUBLISHABLE

REFERENCE: Final = "#/components/schemas/{model}"
EVENT: Final = {"$ref": REFERENCE.format(model="Event")}
EVENTS: Final = {"type": "array", "items": EVENT}
EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "8f1c",
    "source": "/ci/build-7",
    "type": "autoheal.task.failed.v1",
    "data": {"task_id": "build-7", "output": "HTTP 429 Too Many Requests", "exit_code": 1},
}


def document(app: FastAPI) -> None:
    """Add the events that may be published to an application's document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        described = build()
        described["components"]["schemas"] |= _events()
        return described

    app.openapi = openapi  # type: ignore[method-assign]


def _events() -> dict[str, Any]:
    union: TypeAdapter[Any] = TypeAdapter(reduce(or_, PUBLISHABLE))
    schemas: dict[str, Any] = union.json_schema(ref_template=REFERENCE)
    components: dict[str, Any] = schemas.pop("$defs")
    for model in PUBLISHABLE:
        components[model.__name__]["required"].append("type")  # which tells them apart
    return components | {"Event": schemas}
