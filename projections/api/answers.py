"""The shapes of answers: rows as their tables have them, pages of rows, and refusals."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field, create_model
from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, Table, Text

from projections.tables import Moment

_TYPES: Final[dict[type[Any], Any]] = {
    Text: str, Moment: datetime, Integer: int, BigInteger: int, Float: float, Boolean: bool, JSON: Any,
}  # fmt: skip


class Refusal(BaseModel):
    """Why a request is refused."""

    detail: str = Field(
        description="One line that says what to do", examples=["limit: Input should be less than or equal to 200"]
    )


def refusals(**why: str) -> dict[int | str, dict[str, Any]]:
    """Return how refusals are documented: `refusals(not_found="There is no such task")`."""
    return {CODES[name]: {"model": Refusal, "description": text} for name, text in why.items()}


CODES: Final = {
    "forbidden_host": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "gone": 410,
    "too_large": 413,
    "unsupported": 415,
    "invalid": 422,
    "unavailable": 503,
}
EVERYWHERE: Final = refusals(
    forbidden_host="The Host header is not this API's",
    invalid="A parameter is wrong; the line names it",
    unavailable="The database or the broker does not answer; try again after `Retry-After` seconds",
)


def row_model(name: str, table: Table, **others: Any) -> type[BaseModel]:
    """Return the shape of a table's rows; `others` are fields beside its columns, or in place of one."""
    columns = {column.name: (_type(column), Field(description=column.comment)) for column in table.columns}
    return create_model(name, **(columns | others))


def list_model(name: str, item: type[BaseModel]) -> type[BaseModel]:
    """Return the shape of a list that is not divided into pages."""
    return create_model(name, items=(list[item], ...))  # type: ignore[valid-type]


def page_model(name: str, item: type[BaseModel]) -> type[BaseModel]:
    """Return the shape of a page of a list."""
    behind = Field(description="The `cursor` of the next page; null when there is none")
    return create_model(name, __base__=list_model(f"{name}Items", item), next=(str | None, behind))


def _type(column: Column[Any]) -> Any:
    type_ = _TYPES[type(column.type)]
    return type_ | None if column.nullable else type_
