"""What Prometheus scrapes of a worker; nothing is measured where nobody asked for it."""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import orjson
from prometheus_client import Counter, Histogram

from streams.runtime import Outputs

DECISIONS: Final = {"autoheal.heal.requested.v1": "requested", "autoheal.heal.suppressed.v1": "suppressed"}
SIZES: Final = (1, 10, 100, 1_000, 10_000)
SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
DELAYS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600)


class WorkerMetrics:
    """The metrics of one worker."""

    def __init__(self) -> None:
        """Register them."""
        self._records = Histogram("autoheal_batch_records", "Records of a batch", ["agent"], buckets=SIZES)
        self._seconds = Histogram(
            "autoheal_batch_seconds", "From a batch at hand to its rows written", ["agent"], buckets=SECONDS
        )
        self._decisions = Counter("autoheal_decisions", "Decisions on failures", ["category", "decision", "reason"])
        self._delay = Histogram(
            "autoheal_decision_delay_seconds", "From a failure's log time to its published decision", buckets=DELAYS
        )

    def observe(self, agent: str, records: int, outputs: Outputs, seconds: float) -> None:
        """Note a batch that is done with.

        Args:
            agent: Who worked on it.
            records: How many there were.
            outputs: What was published about them.
            seconds: How long it took.
        """
        self._records.labels(agent).observe(records)
        self._seconds.labels(agent).observe(seconds)
        for (topic, _), published in outputs.items():
            if topic.endswith(".heals"):
                self._count(raw for _, raw, _ in published)

    def _count(self, heals: Iterable[bytes]) -> None:
        now = time.time()
        for event in map(orjson.loads, heals):
            if decision := DECISIONS.get(event["type"]):
                said = event["data"]
                reason = said["reason"] if decision == "suppressed" else ""
                self._decisions.labels(said["error_category"], decision, reason).inc()
                self._delay.observe(max(0.0, now - datetime.fromisoformat(event["time"]).timestamp()))
