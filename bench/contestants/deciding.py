"""The same logic for those who take one event at a time: classifier, deciders and codec are the worker's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter

from events.envelope import CloudEvent
from streams.decider import Agent, Control


class Deciding:
    """Applies one agent's decider to one event; rows are bytes, so that every store can keep them.

    It does less than the worker: a row holds no coordinates, so an event that is read twice counts twice.
    """

    def __init__(self, agent: Agent[Any], control: Control) -> None:
        self._agent = agent
        self._control = control
        self._codec: TypeAdapter[Any] = TypeAdapter(agent.row)

    def key(self, event: CloudEvent) -> str | None:
        """Return the key of the row that the event concerns, none when it does not concern the agent."""
        return self._agent.key(event)

    def decide(
        self, event: CloudEvent, logged_at: datetime, stored: bytes | None
    ) -> tuple[bytes | None, Sequence[CloudEvent]]:
        """Return the row to store, none when it stays as it is, and the events to send."""
        row = self._codec.validate_json(stored) if stored else self._agent.row()
        at = (event.causationid and event.time) or logged_at
        decision = self._agent.decide(row, event, at, self._control)
        return (None if decision.row is row else _dump(decision.row)), decision.emits


def _dump(row: Any) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_UTC_Z, default=BaseModel.model_dump)
