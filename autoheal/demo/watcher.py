"""Follows what the worker says about failures."""

import asyncio
from collections import defaultdict
from typing import Final

from autoheal.settings import Settings
from events import FailureDiagnosed, HealRequested, HealSuppressed, subscribe

PATIENCE_S: Final = 60.0
HealDecision = HealRequested | HealSuppressed


class UndecidedError(RuntimeError):
    """A failure got no decision in time."""


class Watcher:
    """Knows the diagnosis and the decisions of each failure, by the id of its event."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to follow the log of an installation."""
        self._settings = settings
        self._diagnoses: dict[str, FailureDiagnosed] = {}
        self._news = asyncio.Condition()
        self.decisions: defaultdict[str, dict[str, HealDecision]] = defaultdict(dict)
        """By failure, then by their own ids: a repetition has the same id."""

    async def follow(self) -> None:
        """Take in what is published, for ever."""
        types = FailureDiagnosed, HealRequested, HealSuppressed
        address, prefix = self._settings.bootstrap_servers, self._settings.topic_prefix
        async for event in subscribe(address, *types, prefix=prefix):
            async with self._news:
                if isinstance(event, FailureDiagnosed):
                    self._diagnoses[event.data.failure_id] = event
                elif isinstance(event, HealDecision):
                    self.decisions[event.data.failure_id][event.id] = event
                self._news.notify_all()

    async def outcome(self, failure_id: str) -> tuple[FailureDiagnosed, HealDecision]:
        """Wait for what is made of a failure.

        Raises:
            UndecidedError: Nothing came within a minute.
        """
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(lambda: failure_id in self._diagnoses and self.decisions[failure_id])
        except TimeoutError:
            raise UndecidedError(f"no decision on failure {failure_id} within {PATIENCE_S:.0f} s") from None
        return self._diagnoses[failure_id], next(iter(self.decisions[failure_id].values()))
