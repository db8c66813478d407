"""Moments as people write them: so long ago, or a time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_AGO: Final = r"^[0-9]{1,5}[mhd]$"


def moment(text: object) -> object:
    """Return the moment that `30m`, `24h`, `7d` or an ISO 8601 time means, in UTC.

    Raises:
        ValueError: It is none of these, or a time without its zone.
    """
    if not isinstance(text, str):
        return text
    if re.match(_AGO, text):
        return datetime.now(UTC) - timedelta(**{UNITS[text[-1]]: int(text[:-1])})
    try:
        at = datetime.fromisoformat(text)
        known = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        known = None
    if known is None:
        raise ValueError(
            "write a duration such as 30m, 24h or 7d, or a time with its zone such as 2026-11-22T10:00:00Z"
        )
    return known


Since = Annotated[
    datetime,
    BeforeValidator(moment),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _AGO}, {"type": "string", "format": "date-time"}]}),
]
"""A moment that is asked for as a duration ago or as a time."""
