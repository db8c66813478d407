"""What Prometheus scrapes of a projector."""

from typing import Final

from prometheus_client import Gauge, Histogram

SIZES: Final = (1, 10, 100, 1_000, 10_000)
SECONDS: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)


class ProjectorMetrics:
    """The metrics of one projector."""

    def __init__(self) -> None:
        """Register them."""
        self._records = Histogram("autoheal_projected_records", "Records of a transaction", buckets=SIZES)
        self._seconds = Histogram("autoheal_transaction_seconds", "How long a transaction took", buckets=SECONDS)
        self._lag = Gauge("autoheal_lag_records", "Records of the log that the tables lack")

    def observe(self, records: int, seconds: float, lag: int) -> None:
        """Note a transaction, unless it was of no records, and how many of them are still to come."""
        if records:
            self._records.observe(records)
            self._seconds.observe(seconds)
        self._lag.set(lag)
